import type { Problem } from './problem.js';
import type { Locale, ProblemCode, Sentence } from '@causerie/contract/problem-codes';
import { problemCodes } from '@causerie/contract/problem-codes';
import type { ProblemDocument } from '@causerie/contract/problem';

/** Title of each code, and the detail that tells people what to do, used unless the problem has a more specific one. */
const words: Readonly<Record<ProblemCode, readonly [title: Sentence, detail: Sentence]>> = {
  invalid_input: [
    { en: 'Invalid input', fr: 'Saisie invalide' },
    {
      en: 'The request is not valid. See the listed fields and the documentation at /api/docs.',
      fr: 'La requête n’est pas valide. Consultez les champs indiqués et la documentation à l’adresse /api/docs.',
    },
  ],
  weak_password: [
    { en: 'Weak password', fr: 'Mot de passe trop faible' },
    { en: 'Choose another password.', fr: 'Choisissez un autre mot de passe.' },
  ],
  unauthenticated: [
    { en: 'Not signed in', fr: 'Non authentifié' },
    {
      en: 'Sign in and send the access token with the request.',
      fr: 'Connectez-vous, puis joignez le jeton d’accès à la requête.',
    },
  ],
  token_expired: [
    { en: 'Token expired', fr: 'Jeton expiré' },
    {
      en: 'Use the refresh token to get a new access token.',
      fr: 'Utilisez le jeton de renouvellement pour obtenir un nouveau jeton d’accès.',
    },
  ],
  session_revoked: [
    { en: 'Session ended', fr: 'Session terminée' },
    { en: 'This session has ended. Sign in again.', fr: 'Cette session est terminée. Reconnectez-vous.' },
  ],
  invalid_credentials: [
    { en: 'Invalid credentials', fr: 'Identifiants incorrects' },
    {
      en: 'The username, email address or password is wrong.',
      fr: 'Le nom d’utilisateur, l’adresse e-mail ou le mot de passe est incorrect.',
    },
  ],
  refresh_token_invalid: [
    { en: 'Invalid refresh token', fr: 'Jeton de renouvellement invalide' },
    {
      en: 'This refresh token is not valid. Sign in again.',
      fr: 'Ce jeton de renouvellement n’est pas valide. Reconnectez-vous.',
    },
  ],
  refresh_token_reused: [
    { en: 'Refresh token reused', fr: 'Jeton de renouvellement réutilisé' },
    {
      en: 'This refresh token had already been replaced, so the session was ended for your security. Sign in again.',
      fr: 'Ce jeton de renouvellement avait déjà été remplacé. Par sécurité, la session a été fermée. Reconnectez-vous.',
    },
  ],
  forbidden: [
    { en: 'Not allowed', fr: 'Non autorisé' },
    { en: 'You are not allowed to do this.', fr: 'Vous n’êtes pas autorisé à faire cela.' },
  ],
  not_contactable: [
    { en: 'Not contactable', fr: 'Contact impossible' },
    { en: 'You cannot contact this person.', fr: 'Vous ne pouvez pas contacter cette personne.' },
  ],
  wrong_password: [
    { en: 'Wrong password', fr: 'Mot de passe incorrect' },
    { en: 'Enter your current password.', fr: 'Saisissez votre mot de passe actuel.' },
  ],
  edit_window_expired: [
    { en: 'Too late to edit', fr: 'Trop tard pour modifier' },
    { en: 'This message can no longer be edited.', fr: 'Ce message ne peut plus être modifié.' },
  ],
  delete_window_expired: [
    { en: 'Too late to delete', fr: 'Trop tard pour supprimer' },
    {
      en: 'This message can no longer be deleted for everyone. You can still hide it for yourself.',
      fr: 'Ce message ne peut plus être supprimé pour tout le monde. Vous pouvez encore le masquer pour vous.',
    },
  ],
  not_found: [
    { en: 'Not found', fr: 'Introuvable' },
    {
      en: 'This does not exist, or you do not have access to it.',
      fr: 'Cette ressource n’existe pas, ou vous n’y avez pas accès.',
    },
  ],
  method_not_allowed: [
    { en: 'Method not allowed', fr: 'Méthode non autorisée' },
    {
      en: 'This address does not support the method. See the Allow header.',
      fr: 'Cette adresse n’accepte pas cette méthode. Consultez l’en-tête Allow.',
    },
  ],
  not_acceptable: [
    { en: 'Not acceptable', fr: 'Format de réponse non disponible' },
    {
      en: 'Responses are JSON. Allow application/json in the Accept header.',
      fr: 'Les réponses sont en JSON. Autorisez application/json dans l’en-tête Accept.',
    },
  ],
  request_timeout: [
    { en: 'Request timeout', fr: 'Délai dépassé' },
    {
      en: 'The request took too long to arrive. Send it again.',
      fr: 'La requête a mis trop de temps à arriver. Renvoyez-la.',
    },
  ],
  email_taken: [
    { en: 'Email address taken', fr: 'Adresse e-mail déjà utilisée' },
    { en: 'Another account uses this email address.', fr: 'Un autre compte utilise cette adresse e-mail.' },
  ],
  username_taken: [
    { en: 'Username taken', fr: 'Nom d’utilisateur déjà pris' },
    {
      en: 'Another account uses this username. Choose another one.',
      fr: 'Un autre compte utilise ce nom d’utilisateur. Choisissez-en un autre.',
    },
  ],
  client_id_reused: [
    { en: 'clientId already used', fr: 'clientId déjà utilisé' },
    {
      en: 'You have already sent a different message with this clientId. Use a new one for a new message.',
      fr: 'Vous avez déjà envoyé un message différent avec ce clientId. Utilisez-en un nouveau pour un nouveau message.',
    },
  ],
  stale_revision: [
    { en: 'Edited meanwhile', fr: 'Modifié entre-temps' },
    {
      en: 'The message was edited meanwhile. Load it again.',
      fr: 'Le message a été modifié entre-temps. Rechargez-le.',
    },
  ],
  conflict: [
    { en: 'Conflict', fr: 'Conflit' },
    {
      en: 'The request conflicts with the current state.',
      fr: 'La requête est incompatible avec l’état actuel.',
    },
  ],
  too_large: [
    { en: 'Too large', fr: 'Trop volumineux' },
    {
      en: 'The request is too large. Send less data at once.',
      fr: 'La requête est trop volumineuse. Envoyez moins de données à la fois.',
    },
  ],
  unsupported_media_type: [
    { en: 'Unsupported media type', fr: 'Type de contenu non pris en charge' },
    {
      en: 'Send application/json in UTF-8, or application/x-www-form-urlencoded.',
      fr: 'Envoyez application/json en UTF-8, ou application/x-www-form-urlencoded.',
    },
  ],
  unprocessable_media: [
    { en: 'Unreadable media', fr: 'Fichier illisible' },
    {
      en: 'The file is damaged, or its content does not match its type.',
      fr: 'Le fichier est endommagé, ou son contenu ne correspond pas à son type.',
    },
  ],
  rate_limited: [
    { en: 'Too many requests', fr: 'Trop de requêtes' },
    { en: 'Wait a moment, then try again.', fr: 'Attendez un instant, puis réessayez.' },
  ],
  headers_too_large: [
    { en: 'Headers too large', fr: 'En-têtes trop volumineux' },
    { en: 'Send fewer or shorter headers.', fr: 'Envoyez moins d’en-têtes, ou de plus courts.' },
  ],
  internal: [
    { en: 'Internal error', fr: 'Erreur interne' },
    {
      en: 'An internal error occurred. Report the request id to the operator of this server.',
      fr: 'Une erreur interne s’est produite. Communiquez l’identifiant de la requête à l’administrateur du serveur.',
    },
  ],
  unavailable: [
    { en: 'Temporarily unavailable', fr: 'Temporairement indisponible' },
    {
      en: 'The server cannot answer right now. Try again in a moment.',
      fr: 'Le serveur ne peut pas répondre pour le moment. Réessayez dans un instant.',
    },
  ],
  insufficient_storage: [
    { en: 'Insufficient storage', fr: 'Espace de stockage insuffisant' },
    {
      en: 'The server has no storage space left. Contact its operator.',
      fr: 'Le serveur n’a plus d’espace de stockage. Prévenez son administrateur.',
    },
  ],
};

/** Creates the document of a problem in the given language. */
export function problemDocument(problem: Problem, locale: Locale, requestId: string): ProblemDocument {
  const [title, detail] = words[problem.code];
  const errors = problem.errors?.map(({ path, message }) => ({ path, message: message[locale] }));
  return {
    type: 'about:blank',
    title: title[locale],
    status: problemCodes[problem.code],
    code: problem.code,
    detail: (problem.sentence ?? detail)[locale],
    ...(errors ? { errors } : {}),
    ...(problem.retryAfterMs === undefined ? {} : { retryAfterMs: Math.max(1, Math.ceil(problem.retryAfterMs)) }),
    requestId,
  };
}

/** Picks the supported language that an `Accept-Language` header prefers; English by default (RFC 9110, 12.5.4). */
export function localeOf(header: string | undefined): Locale {
  let best: { locale: Locale; weight: number } = { locale: 'en', weight: 0 };
  for (const wish of (header ?? '').split(',').slice(0, 20)) {
    const [tag = '', ...parameters] = wish.trim().toLowerCase().split(';');
    const language = tag.split('-')[0];
    if (language !== 'en' && language !== 'fr') continue;
    const given = parameters.map((one) => /^\s*q=([\d.]+)\s*$/.exec(one)?.[1]).find((one) => one !== undefined);
    const weight = given === undefined ? 1 : Number(given);
    if (weight > best.weight) best = { locale: language, weight };
  }
  return best.locale;
}
