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
import type { Addresses } from './change-email.js';
import type { Auth } from './auth.service.js';
import type { PasswordRecovery } from './recover-password.js';

function signingEndpoints(auth: Auth): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/register',
      summary: 'Register an account',
      description:
        'Sends a mail with a link that verifies the email address. Per IP address: 30 at once, then 10 a minute.',
      access: 'public',
      body: Register,
      returns: { 201: AuthResult },
      handle: async ({ body, ...caller }) => ({ status: 201 as const, body: await auth.register(body, caller) }),
    }),
    endpoint({
      method: 'post',
      path: '/login',
      summary: 'Log in',
      description:
        'Starts a session. At most 20 wrong passwords per account in 15 minutes. An account has at most 20 sessions: the next one ends the session that was unused for longest.',
      access: 'public',
      body: Login,
      returns: { 200: AuthResult },
      handle: async ({ body, ...caller }) => ok(await auth.login(body, caller)),
    }),
    endpoint({
      method: 'post',
      path: '/refresh',
      summary: 'Refresh tokens',
      description:
        'Exchanges a refresh token for new tokens and retires it. Presented again within 30 seconds, while its successor has not been used, it returns the same successor, so a lost response does no harm. In any other case a retired token ends the session.',
      access: 'public',
      body: Refresh,
      returns: { 200: Tokens },
      handle: async ({ body, ip }) => ok(await auth.refresh(body.refreshToken, ip)),
    }),
    endpoint({
      method: 'post',
      path: '/logout',
      summary: 'Log out',
      description: 'Ends this session. Other sessions are not affected.',
      returns: { 204: null },
      handle: async ({ actor }) => {
        await auth.logout(actor);
        return nothing();
      },
    }),
  ];
}

function passwordEndpoints(recovery: PasswordRecovery): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/forgot-password',
      summary: 'Request a password reset',
      description:
        'Sends a mail with a link, which works once, within one hour. The response is the same whether the account exists or not.',
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
      summary: 'Reset the password',
      description: 'Sets a new password with the token of a mailed link, and ends every session.',
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
      description: 'Ends every other session.',
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
      summary: 'Change the email address',
      description:
        'Sends a link to the new address, which takes effect when the link is used, and a notice to the old address.',
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
      summary: 'Verify an email address',
      description: 'Takes the token of the link that was mailed to the address.',
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
      summary: 'Resend the verification mail',
      description: 'Links sent earlier no longer work.',
      returns: { 202: Nothing },
      handle: async ({ actor, locale }) => {
        await addresses.resendVerification(actor, locale);
        return accepted({});
      },
    }),
  ];
}

/** Registration, login, tokens, passwords and email addresses, under `/api/auth`. */
export function authEndpoints(auth: Auth, recovery: PasswordRecovery, addresses: Addresses): Endpoint[] {
  return [...signingEndpoints(auth), ...passwordEndpoints(recovery), ...addressEndpoints(addresses)];
}
