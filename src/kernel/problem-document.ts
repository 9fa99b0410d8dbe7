import type { Problem } from './problem.js';
import type { Locale, ProblemCode, Sentence } from '@causerie/contract/problem-codes';
import { problemCodes } from '@causerie/contract/problem-codes';
import type { ProblemDocument } from '@causerie/contract/problem';

/** The title of each code and, unless the cause says it better, how to fix the problem. */
const words: Readonly<Record<ProblemCode, readonly [title: Sentence, detail: Sentence]>> = {
  invalid_input: [
    { en: 'Invalid input', fr: 'Saisie invalide' },
    {
      en: 'The request does not have the form that is asked for. See the listed fields and the documents under /api/docs.',
      fr: 'La requête n’a pas la forme demandée. Voyez les champs indiqués et la documentation sous /api/docs.',
    },
  ],
  weak_password: [
    { en: 'Weak password', fr: 'Mot de passe faible' },
    { en: 'Choose another password.', fr: 'Choisissez un autre mot de passe.' },
  ],
  unauthenticated: [
    { en: 'Not signed in', fr: 'Non connecté' },
    { en: 'Sign in and send the access token.', fr: 'Connectez-vous et envoyez le jeton d’accès.' },
  ],
  token_expired: [
    { en: 'Token expired', fr: 'Jeton expiré' },
    {
      en: 'Get a new access token with the refresh token.',
      fr: 'Obtenez un nouveau jeton d’accès avec le jeton de renouvellement.',
    },
  ],
  session_revoked: [
    { en: 'Session ended', fr: 'Session terminée' },
    { en: 'This session has ended. Sign in again.', fr: 'Cette session est terminée. Reconnectez-vous.' },
  ],
  invalid_credentials: [
    { en: 'Wrong credentials', fr: 'Identifiants incorrects' },
    { en: 'The name or the password is wrong.', fr: 'Le nom ou le mot de passe est incorrect.' },
  ],
  refresh_token_invalid: [
    { en: 'Invalid refresh token', fr: 'Jeton de renouvellement invalide' },
    {
      en: 'This refresh token is not valid. Sign in again.',
      fr: 'Ce jeton de renouvellement n’est pas valide. Reconnectez-vous.',
    },
  ],
  refresh_token_reused: [
    { en: 'Refresh token used twice', fr: 'Jeton de renouvellement réutilisé' },
    {
      en: 'This refresh token had been replaced, so its session was ended for safety. Sign in again.',
      fr: 'Ce jeton de renouvellement avait été remplacé ; sa session a été fermée par sécurité. Reconnectez-vous.',
    },
  ],
  forbidden: [
    { en: 'Not allowed', fr: 'Non autorisé' },
    { en: 'You may not do this.', fr: 'Vous n’avez pas le droit de faire cela.' },
  ],
  not_contactable: [
    { en: 'Cannot be contacted', fr: 'Injoignable' },
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
      fr: 'Ce message ne peut plus être supprimé pour tous. Vous pouvez encore le masquer pour vous.',
    },
  ],
  not_found: [
    { en: 'Not found', fr: 'Introuvable' },
    { en: 'There is nothing here for you.', fr: 'Il n’y a rien ici pour vous.' },
  ],
  method_not_allowed: [
    { en: 'Method not allowed', fr: 'Méthode non autorisée' },
    {
      en: 'This address takes other methods: see the Allow header.',
      fr: 'Cette adresse accepte d’autres méthodes : voyez l’en-tête Allow.',
    },
  ],
  not_acceptable: [
    { en: 'Not acceptable', fr: 'Non acceptable' },
    {
      en: 'The answer is JSON: let the Accept header allow it.',
      fr: 'La réponse est en JSON : autorisez-le dans l’en-tête Accept.',
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
    { en: 'E-mail address taken', fr: 'Adresse e-mail déjà prise' },
    { en: 'Another account has this e-mail address.', fr: 'Un autre compte a cette adresse e-mail.' },
  ],
  username_taken: [
    { en: 'Username taken', fr: 'Nom d’utilisateur déjà pris' },
    {
      en: 'Another account has this username. Choose another one.',
      fr: 'Un autre compte a ce nom d’utilisateur. Choisissez-en un autre.',
    },
  ],
  client_id_reused: [
    { en: 'clientId used for something else', fr: 'clientId déjà utilisé' },
    {
      en: 'You have sent another content under this clientId. Choose a new one for a new message.',
      fr: 'Vous avez envoyé un autre contenu sous ce clientId. Choisissez-en un nouveau pour un nouveau message.',
    },
  ],
  stale_revision: [
    { en: 'Changed meanwhile', fr: 'Modifié entre-temps' },
    { en: 'It was edited meanwhile. Load it again.', fr: 'Il a été modifié entre-temps. Rechargez-le.' },
  ],
  conflict: [
    { en: 'Conflict', fr: 'Conflit' },
    { en: 'This does not fit what is there now.', fr: 'Cela ne correspond pas à l’état actuel.' },
  ],
  too_large: [
    { en: 'Too large', fr: 'Trop volumineux' },
    { en: 'Send less at once.', fr: 'Envoyez moins à la fois.' },
  ],
  unsupported_media_type: [
    { en: 'Unsupported media type', fr: 'Type de contenu non pris en charge' },
    {
      en: 'Send application/json in UTF-8, or application/x-www-form-urlencoded.',
      fr: 'Envoyez application/json en UTF-8, ou application/x-www-form-urlencoded.',
    },
  ],
  unprocessable_media: [
    { en: 'Media cannot be read', fr: 'Média illisible' },
    {
      en: 'This file cannot be read as what it says it is.',
      fr: 'Ce fichier ne peut pas être lu comme ce qu’il prétend être.',
    },
  ],
  rate_limited: [
    { en: 'Too many requests', fr: 'Trop de requêtes' },
    { en: 'Wait a moment, then send it again.', fr: 'Attendez un instant, puis renvoyez-la.' },
  ],
  headers_too_large: [
    { en: 'Headers too large', fr: 'En-têtes trop volumineux' },
    { en: 'Send fewer or shorter headers.', fr: 'Envoyez moins d’en-têtes, ou de plus courts.' },
  ],
  internal: [
    { en: 'Internal error', fr: 'Erreur interne' },
    {
      en: 'Something went wrong here. Tell whoever runs this server the request id.',
      fr: 'Une erreur s’est produite ici. Donnez l’identifiant de la requête à qui gère ce serveur.',
    },
  ],
  unavailable: [
    { en: 'Not available now', fr: 'Indisponible' },
    {
      en: 'The server cannot answer now. Send the request again in a moment.',
      fr: 'Le serveur ne peut pas répondre maintenant. Renvoyez la requête dans un instant.',
    },
  ],
  insufficient_storage: [
    { en: 'No space left', fr: 'Espace insuffisant' },
    {
      en: 'The server has no space left. Tell whoever runs it.',
      fr: 'Le serveur n’a plus d’espace. Prévenez qui le gère.',
    },
  ],
};

/** The document of a problem, in the reader's language. */
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

/** The language that an `Accept-Language` header prefers among those spoken here; English unless told (RFC 9110, 12.5.4). */
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
