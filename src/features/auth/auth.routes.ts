import { accepted, type Endpoint, endpoint, nothing, ok } from '../../kernel/endpoint.js';
import { Tokens } from '@causerie/contract/sessions';
import {
  AuthResult,
  ChangeEmail,
  ChangePassword,
  ForgotPassword,
  Login,
  Nothing,
  Refresh,
  Register,
  ResetPassword,
  VerifyEmail,
} from '@causerie/contract/auth';
import type { Addresses } from './addresses.service.js';
import type { Auth } from './auth.service.js';
import type { Recovery } from './recovery.service.js';

function signingEndpoints(auth: Auth): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/register',
      summary: 'Sign up',
      description: 'Sends a mail that verifies the address. 30 at once from an address, then 10 a minute.',
      access: 'public',
      body: Register,
      returns: { 201: AuthResult },
      handle: async ({ body, ...caller }) => ({ status: 201 as const, body: await auth.register(body, caller) }),
    }),
    endpoint({
      method: 'post',
      path: '/login',
      summary: 'Sign in on this device',
      description:
        'At most 20 wrong passwords for an account in 15 minutes. The 21st device signs out the one unused for longest.',
      access: 'public',
      body: Login,
      returns: { 200: AuthResult },
      handle: async ({ body, ...caller }) => ok(await auth.login(body, caller)),
    }),
    endpoint({
      method: 'post',
      path: '/refresh',
      summary: 'Get new tokens for a refresh token',
      description:
        'The token is retired by this. Presented again within 30 s, while its successor has never been used, it gives that same successor; otherwise a retired token ends the session.',
      access: 'public',
      body: Refresh,
      returns: { 200: Tokens },
      handle: async ({ body, ip }) => ok(await auth.refresh(body.refreshToken, ip)),
    }),
    endpoint({
      method: 'post',
      path: '/logout',
      summary: 'Sign out this device',
      returns: { 204: null },
      handle: async ({ actor }) => {
        await auth.logout(actor);
        return nothing();
      },
    }),
  ];
}

function passwordEndpoints(recovery: Recovery): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/forgot-password',
      summary: 'Ask for a link that resets the password',
      description:
        'The answer is the same whether there is such an account or not. The link works once, within one hour.',
      access: 'public',
      body: ForgotPassword,
      returns: { 202: Nothing },
      handle: async ({ body, ip, locale }) => {
        await recovery.forgotPassword(body.email, { ip, locale });
        return accepted({});
      },
    }),
    endpoint({
      method: 'post',
      path: '/reset-password',
      summary: 'Set a new password by such a link',
      description: 'Signs out every device.',
      access: 'public',
      body: ResetPassword,
      returns: { 204: null },
      handle: async ({ body }) => {
        await recovery.resetPassword(body);
        return nothing();
      },
    }),
    endpoint({
      method: 'post',
      path: '/change-password',
      summary: 'Change the password',
      description: 'Signs out the other devices.',
      body: ChangePassword,
      returns: { 204: null },
      handle: async ({ actor, body }) => {
        await recovery.changePassword(actor, body);
        return nothing();
      },
    }),
  ];
}

function addressEndpoints(addresses: Addresses): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/change-email',
      summary: 'Ask for another e-mail address',
      description:
        'A link goes to the new address, which becomes the address when it is used; a notice goes to the old one.',
      body: ChangeEmail,
      returns: { 202: Nothing },
      handle: async ({ actor, body, locale }) => {
        await addresses.changeEmail(actor, body, locale);
        return accepted({});
      },
    }),
    endpoint({
      method: 'post',
      path: '/verify-email',
      summary: 'Verify an e-mail address by the link that was sent there',
      access: 'public',
      body: VerifyEmail,
      returns: { 204: null },
      handle: async ({ body }) => {
        await addresses.verifyEmail(body.token);
        return nothing();
      },
    }),
    endpoint({
      method: 'post',
      path: '/resend-verification',
      summary: 'Send the link to the address again',
      description: 'The links sent before are void then.',
      returns: { 202: Nothing },
      handle: async ({ actor, locale }) => {
        await addresses.resendVerification(actor, locale);
        return accepted({});
      },
    }),
  ];
}

/** Signing up, in and out, passwords and addresses, under `/api/auth`. */
export function authEndpoints(auth: Auth, recovery: Recovery, addresses: Addresses): Endpoint[] {
  return [...signingEndpoints(auth), ...passwordEndpoints(recovery), ...addressEndpoints(addresses)];
}
