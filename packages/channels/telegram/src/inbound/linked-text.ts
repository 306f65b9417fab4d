import { allFieldsIn, type Fields, integerIn, textIn } from "../reading.ts";

/** Longest address that is shown, in UTF-16 units. */
const maxAddressChars = 2_048;

/**
 * The text of a message, or of what stands under its file, with the addresses that hide behind its words: each follows its
 * words in brackets. Offsets are UTF-16 units. Source: core.telegram.org/bots/api#messageentity.
 */
export function linkedText(message: Fields): string {
  const body = textIn(message["text"]);
  const text = body ?? textIn(message["caption"]) ?? "";
  const links = allFieldsIn(message[body === undefined ? "caption_entities" : "entities"]).flatMap((entity) => {
    const url = entity["type"] === "text_link" ? textIn(entity["url"]) : undefined;
    const [offset = -1, length = 0] = [integerIn(entity["offset"]), integerIn(entity["length"])];
    if (url === undefined || url.length > maxAddressChars || offset < 0 || length < 1) return [];
    const words = text.slice(offset, offset + length);
    return words === "" || sameAddress(words, url) ? [] : [{ url, end: offset + words.trimEnd().length }];
  });
  return links
    .toSorted((a, b) => b.end - a.end)
    .reduce((whole, { end, url }) => `${whole.slice(0, end)} (${url})${whole.slice(end)}`, text);
}

/** Whether the words are the address, as people write it. */
function sameAddress(words: string, url: string): boolean {
  const bare = (address: string): string =>
    address
      .trim()
      .replace(/^https?:\/\//i, "")
      .replace(/\/$/, "")
      .toLowerCase();
  return bare(words) === bare(url);
}
