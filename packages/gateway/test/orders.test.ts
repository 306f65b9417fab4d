import { expect, test } from "vitest";
import { type Order, takeOrders } from "../src/service/orders.ts";

function signals() {
  let listener = (_order: Order): void => {};
  const orders = takeOrders((told) => {
    listener = told;
    return () => {};
  });
  return { orders, tell: (order: Order) => listener(order) };
}

/** What has been ordered by now; `undefined` when nothing was. */
const now = (next: Promise<Order>) => Promise.race([next, Promise.resolve(undefined)]);

test("[cli:restart] orders: a restart that is asked for while a gateway starts follows its start, as it may not have read what was changed", async () => {
  const { orders, tell } = signals();
  orders.begin();
  tell("restart");
  expect(await now(orders.next())).toBe("restart");
  orders.begin();
  expect(await now(orders.next())).toBeUndefined();
});

test("[cli:restart] orders: a further restart while one is under way is the same one, and a stop outweighs both", async () => {
  const { orders, tell } = signals();
  orders.begin();
  const first = orders.next();
  tell("restart");
  expect(await now(first)).toBe("restart");
  tell("restart");
  orders.begin();
  const second = orders.next();
  expect(await now(second)).toBeUndefined();
  tell("stop");
  expect(await now(second)).toBe("stop");
  orders.begin();
  tell("restart");
  expect(await now(orders.next())).toBe("stop");
});
