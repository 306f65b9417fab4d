import type { CheckedParamsOf, ResultOf, ServedMethodName } from "@saltgate/protocol";
import type { Peer } from "../connection/peer.ts";
import type { TwoPhaseResult } from "../dispatch/outcome.ts";

/** Answers one method: gets params that were checked and a caller who may call it. Throws `RequestError` to refuse. */
export type Handler<M extends ServedMethodName> = (
  params: CheckedParamsOf<M>,
  caller: Peer,
) => HandlerResult<ResultOf<M>> | Promise<HandlerResult<ResultOf<M>>>;

type HandlerResult<T> = T | TwoPhaseResult<T>;

/** A handler for every method that the protocol calls served: leaving one out does not compile. */
export type Handlers = { readonly [M in ServedMethodName]: Handler<M> };
