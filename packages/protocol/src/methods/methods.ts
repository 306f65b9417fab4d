import type * as z from "zod";
import type { MethodDescription } from "../define.ts";
import { deviceMethods } from "./devices.ts";
import { systemMethods } from "./system.ts";

/** Every method of the protocol, by name. */
export const METHODS = {
  ...systemMethods,
  ...deviceMethods,
} as const satisfies Record<string, MethodDescription>;

type Methods = typeof METHODS;
/** Name of a method of the protocol. */
export type MethodName = keyof Methods;
/** Params of a method, as a caller writes them. */
export type ParamsOf<M extends MethodName> = z.input<ReturnType<Methods[M]["params"]>>;
/** Params of a method, as its handler gets them: checked, trimmed, defaulted. */
export type CheckedParamsOf<M extends MethodName> = z.output<ReturnType<Methods[M]["params"]>>;
/** Result of a method. */
export type ResultOf<M extends MethodName> = z.output<ReturnType<Methods[M]["result"]>>;
/** Methods that this gateway answers. A handler table over these names must be complete. */
export type ServedMethodName = { [M in MethodName]: Methods[M]["status"] extends "served" ? M : never }[MethodName];

/** Looks a method up by a name that a peer sent. */
export function findMethod(name: string): MethodDescription | undefined {
  return Object.hasOwn(METHODS, name) ? METHODS[name as MethodName] : undefined;
}
