/** How a stretch of text is shown. */
export type Style = "bold" | "italic" | "strikethrough" | "spoiler";

/** A part of a line. */
export type Inline =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "styled"; readonly style: Style; readonly children: readonly Inline[] }
  | { readonly kind: "link"; readonly href: string; readonly children: readonly Inline[] };

/** A part of a text that stands on lines of its own. */
export type Block =
  | { readonly kind: "paragraph"; readonly children: readonly Inline[] }
  | { readonly kind: "heading"; readonly children: readonly Inline[] }
  | { readonly kind: "code"; readonly info: string; readonly text: string }
  | { readonly kind: "quote"; readonly children: readonly Block[] }
  | { readonly kind: "list"; readonly items: readonly ListItem[] }
  | { readonly kind: "table"; readonly table: Table }
  | { readonly kind: "rule" };

/** One item of a list, with the sign before it. */
export interface ListItem {
  readonly sign: string;
  readonly children: readonly Block[];
}

/** Cells of a table, and the table as it was written. */
export interface Table {
  readonly header: readonly (readonly Inline[])[];
  readonly rows: readonly (readonly (readonly Inline[])[])[];
  readonly source: string;
}

/** The text of inlines, without how it is shown. */
export function plainText(inlines: readonly Inline[]): string {
  return inlines.map((inline) => ("text" in inline ? inline.text : plainText(inline.children))).join("");
}
