/**
 * What a browser shows at the gateway's address: what this is and what to do next. The same for everybody, before
 * any authentication, so it tells no name, path, version or id (rule R-26). No script.
 */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Saltgate</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<main>
<h1>Saltgate</h1>
<p>A gateway runs here. It carries its owner's chats, agents and devices, and answers only those whom its owner has let in.</p>
<h2>To connect a device</h2>
<p>Point a client at this address, with <code>ws://</code> or <code>wss://</code> in front. The first time it will be told to wait.
Then, on the machine of the gateway:</p>
<pre><code>saltgate devices list
saltgate devices approve &lt;request&gt;</code></pre>
<h2>To see how it is</h2>
<pre><code>saltgate status</code></pre>
</main>
</body>
</html>
`;

/** The style of {@link PAGE}, from a file of its own, because the page's policy allows nothing inline. */
export const PAGE_CSS = `:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, sans-serif; margin: 0; padding: 3rem 1.5rem; }
main { max-width: 38rem; margin: 0 auto; }
h1 { font-size: 1.75rem; margin: 0 0 .5rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
pre { padding: .75rem 1rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .5rem; overflow-x: auto; }
`;

/** Headers of every answer over HTTP: nothing is framed, sniffed, cached or told to the next site. */
export const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;
