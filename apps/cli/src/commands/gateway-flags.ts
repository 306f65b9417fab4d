export { GATEWAY_FLAGS } from "@saltgate/gateway/service";
