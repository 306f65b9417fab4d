export { newSharedSecret } from "@saltgate/gateway/service";
