declare const __SALTGATE_VERSION__: string | undefined;

/** The version of this command: built in when it is bundled. */
export const VERSION: string = typeof __SALTGATE_VERSION__ === "string" ? __SALTGATE_VERSION__ : "0.0.0-source";
