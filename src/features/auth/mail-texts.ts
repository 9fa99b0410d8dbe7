import type { Locale } from '@causerie/contract/problem-codes';

export type MailKind = 'verify' | 'change_email' | 'reset' | 'email_notice' | 'account_erased';

interface MailText {
  subject: string;
  text: string;
}

type Words = (username: string, link: string) => MailText;

const english: Record<MailKind, Words> = {
  verify: (username, link) => ({
    subject: 'Confirm your e-mail address',
    text: `Hello ${username},\n\nplease confirm that this is your e-mail address:\n\n${link}\n\nThe link works once, within 24 hours. If you did not sign up, ignore this message.\n`,
  }),
  change_email: (username, link) => ({
    subject: 'Confirm your new e-mail address',
    text: `Hello ${username},\n\nplease confirm that this is to be your e-mail address:\n\n${link}\n\nThe link works once, within 24 hours. Until then the old address stays. If you did not ask for this, ignore this message.\n`,
  }),
  reset: (username, link) => ({
    subject: 'Choose a new password',
    text: `Hello ${username},\n\nhere you can choose a new password:\n\n${link}\n\nThe link works once, within one hour. If you did not ask for this, ignore this message: your password stays as it is.\n`,
  }),
  email_notice: (username) => ({
    subject: 'Your e-mail address is about to change',
    text: `Hello ${username},\n\nsomebody who knows your password asked for another e-mail address for your account. It changes when the new address is confirmed. If that was not you, change your password now.\n`,
  }),
  account_erased: () => ({
    subject: 'Your account was deleted',
    text: `Hello,\n\nas you asked, your account was deleted, with everything that was yours alone. What you wrote to others stays with them under the name "Deleted account". This address is known here no more.\n`,
  }),
};

const french: Record<MailKind, Words> = {
  verify: (username, link) => ({
    subject: 'Confirmez votre adresse e-mail',
    text: `Bonjour ${username},\n\nveuillez confirmer que cette adresse e-mail est la vôtre :\n\n${link}\n\nLe lien fonctionne une seule fois, pendant 24 heures. Si vous ne vous êtes pas inscrit, ignorez ce message.\n`,
  }),
  change_email: (username, link) => ({
    subject: 'Confirmez votre nouvelle adresse e-mail',
    text: `Bonjour ${username},\n\nveuillez confirmer que cette adresse e-mail doit devenir la vôtre :\n\n${link}\n\nLe lien fonctionne une seule fois, pendant 24 heures. D’ici là, l’ancienne adresse reste valable. Si vous n’avez rien demandé, ignorez ce message.\n`,
  }),
  reset: (username, link) => ({
    subject: 'Choisissez un nouveau mot de passe',
    text: `Bonjour ${username},\n\nvous pouvez choisir ici un nouveau mot de passe :\n\n${link}\n\nLe lien fonctionne une seule fois, pendant une heure. Si vous n’avez rien demandé, ignorez ce message : votre mot de passe ne change pas.\n`,
  }),
  email_notice: (username) => ({
    subject: 'Votre adresse e-mail va changer',
    text: `Bonjour ${username},\n\nquelqu’un qui connaît votre mot de passe a demandé une autre adresse e-mail pour votre compte. Elle changera quand la nouvelle adresse sera confirmée. Si ce n’était pas vous, changez votre mot de passe maintenant.\n`,
  }),
  account_erased: () => ({
    subject: 'Votre compte a été supprimé',
    text: `Bonjour,\n\ncomme vous l’avez demandé, votre compte a été supprimé, avec tout ce qui n’était qu’à vous. Ce que vous avez écrit à d’autres leur reste, sous le nom « Deleted account ». Cette adresse n’est plus connue ici.\n`,
  }),
};

/** Writes a mail in the language it was asked for in. */
export function mailText(kind: MailKind, locale: Locale, words: { username: string; link: string }): MailText {
  const texts = { en: english, fr: french } satisfies Record<Locale, Record<MailKind, Words>>;
  return texts[locale][kind](words.username, words.link);
}
