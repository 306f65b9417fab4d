/** Whether a gateway's address means this machine. */
export function isLocalUrl(url: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
}
