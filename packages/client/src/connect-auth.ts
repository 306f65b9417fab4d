/** What a client has to show. */
export interface Credentials {
  readonly token?: string | undefined;
  readonly password?: string | undefined;
  /** The device's own token for this gateway and role. */
  readonly deviceToken?: string | undefined;
}

/** `connect.params.auth`. */
export interface ConnectAuth {
  readonly token?: string;
  readonly password?: string;
  readonly deviceToken?: string;
}

/**
 * Which credentials go where. The gateway's own secret comes first, the device's token goes along; alone it fills both
 * fields, because gateways look for it in either. Revision 3 knows no `deviceToken` and refuses unknown keys.
 */
export function chooseAuth(credentials: Credentials, isRevision3: boolean): ConnectAuth | undefined {
  const { password, deviceToken } = credentials;
  const token = credentials.token ?? (password === undefined || isRevision3 ? deviceToken : undefined);
  const auth: ConnectAuth = {
    ...(token !== undefined && { token }),
    ...(password !== undefined && { password }),
    ...(deviceToken !== undefined && !isRevision3 && { deviceToken }),
  };
  return Object.keys(auth).length === 0 ? undefined : auth;
}
