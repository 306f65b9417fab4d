/** What a client has to show. */
export interface Credentials {
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  /** The device's own token for this gateway and role. */
  readonly deviceToken?: string | undefined;
  /** The one-time code of an invitation. */
  readonly bootstrapToken?: string | undefined;
}

/** `connect.params.auth`. */
export interface ConnectAuth {
  readonly token?: string;
  readonly password?: string;
  readonly deviceToken?: string;
  readonly bootstrapToken?: string;
}

/**
 * Which credentials go where. The gateway's own secret comes first, the device's token goes along; alone it fills both
 * fields, because gateways look for it in either. An invitation is shown only while the device has no token: it is good
 * once. Revision 3 knows neither `deviceToken` nor `bootstrapToken`, and refuses unknown keys.
 */
export function chooseAuth(credentials: Credentials, isRevision3: boolean): ConnectAuth | undefined {
  const { password, deviceToken, bootstrapToken } = credentials;
  const token = credentials.token ?? (password === undefined || isRevision3 ? deviceToken : undefined);
  const auth: ConnectAuth = {
    ...(token !== undefined && { token }),
    ...(password !== undefined && { password }),
    ...(deviceToken !== undefined && !isRevision3 && { deviceToken }),
    ...(bootstrapToken !== undefined && deviceToken === undefined && !isRevision3 && { bootstrapToken }),
  };
  return Object.keys(auth).length === 0 ? undefined : auth;
}
