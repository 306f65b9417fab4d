import { describe, expect, test } from "vitest";
import { planBind } from "../src/index.ts";

describe("bind", () => {
  test("[R-08] bind: loopback and auto mean this machine only", () => {
    for (const mode of ["loopback", "auto"] as const) {
      expect(planBind(mode, undefined, ["192.168.1.5", "100.101.1.1"])).toEqual({
        ok: true,
        required: ["127.0.0.1"],
        optional: ["::1"],
        loopbackOnly: true,
      });
    }
  });

  test("[R-08] bind: tailnet without a tailnet address is no plan at all, never a wider one", () => {
    expect(planBind("tailnet", undefined, ["192.168.1.5"])).toMatchObject({ ok: false });
    expect(planBind("tailnet", undefined, ["192.168.1.5", "100.101.1.1"])).toMatchObject({
      required: ["100.101.1.1", "127.0.0.1"],
      loopbackOnly: false,
    });
  });

  test("[R-08] bind: a custom host that is no address is no plan", () => {
    for (const host of [undefined, "", "gateway.example", "1.2.3", "0.0.0.0.0"])
      expect(planBind("custom", host, [])).toMatchObject({ ok: false });
    expect(planBind("custom", "192.168.1.5", [])).toMatchObject({ required: ["192.168.1.5"], loopbackOnly: false });
    expect(planBind("custom", "127.0.0.2", [])).toMatchObject({ loopbackOnly: true });
  });

  test("[bind:owner-reaches-it] bind: a gateway on an address of its own is on loopback too, where the owner's commands find it", () => {
    expect(planBind("custom", "192.168.1.5", [])).toMatchObject({ optional: ["127.0.0.1"] });
    for (const host of ["127.0.0.2", "::1", "0.0.0.0", "::"])
      expect(planBind("custom", host, [])).toMatchObject({ optional: [] });
  });
});
