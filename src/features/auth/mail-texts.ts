import type { Locale } from '@causerie/contract/problem-codes';

export type MailKind = 'verify' | 'change_email' | 'reset' | 'email_notice' | 'account_erased';

interface MailText {
  subject: string;
  text: string;
}

type Words = (username: string, link: string) => MailText;

const english: Record<MailKind, Words> = {
  verify: (username, link) => ({
    subject: 'Confirm your email address',
    text: `Hello ${username},\n\nPlease confirm that this is your email address:\n\n${link}\n\nThe link works once and expires in 24 hours. If you did not sign up, you can ignore this message.\n`,
  }),
  change_email: (username, link) => ({
    subject: 'Confirm your new email address',
    text: `Hello ${username},\n\nPlease confirm that you want to use this email address:\n\n${link}\n\nThe link works once and expires in 24 hours. Until you use it, your old address stays in place. If you did not request this, you can ignore this message.\n`,
  }),
  reset: (username, link) => ({
    subject: 'Choose a new password',
    text: `Hello ${username},\n\nUse this link to choose a new password:\n\n${link}\n\nThe link works once and expires in one hour. If you did not request this, you can ignore this message: your password stays the same.\n`,
  }),
  email_notice: (username) => ({
    subject: 'Your email address is about to change',
    text: `Hello ${username},\n\nSomeone who knows your password requested a new email address for your account. It changes once the new address is confirmed. If this was not you, change your password now.\n`,
  }),
  account_erased: () => ({
    subject: 'Your account was deleted',
    text: `Hello,\n\nAs you requested, your account has been deleted, along with everything that belonged only to you. Messages you sent to others remain with them under the name "Deleted account". Your email address is no longer stored here.\n`,
  }),
};

const french: Record<MailKind, Words> = {
  verify: (username, link) => ({
    subject: 'Confirmez votre adresse e-mail',
    text: `Bonjour ${username},\n\nVeuillez confirmer que cette adresse e-mail est bien la vôtre :\n\n${link}\n\nLe lien ne fonctionne qu’une fois et expire dans 24 heures. Si vous n’avez pas créé de compte, ignorez ce message.\n`,
  }),
  change_email: (username, link) => ({
    subject: 'Confirmez votre nouvelle adresse e-mail',
    text: `Bonjour ${username},\n\nVeuillez confirmer que vous souhaitez utiliser cette adresse e-mail :\n\n${link}\n\nLe lien ne fonctionne qu’une fois et expire dans 24 heures. Tant que vous ne l’avez pas utilisé, votre ancienne adresse reste valable. Si vous n’êtes pas à l’origine de cette demande, ignorez ce message.\n`,
  }),
  reset: (username, link) => ({
    subject: 'Choisissez un nouveau mot de passe',
    text: `Bonjour ${username},\n\nUtilisez ce lien pour choisir un nouveau mot de passe :\n\n${link}\n\nLe lien ne fonctionne qu’une fois et expire dans une heure. Si vous n’êtes pas à l’origine de cette demande, ignorez ce message : votre mot de passe reste inchangé.\n`,
  }),
  email_notice: (username) => ({
    subject: 'Votre adresse e-mail va changer',
    text: `Bonjour ${username},\n\nUne personne qui connaît votre mot de passe a demandé à changer l’adresse e-mail de votre compte. Le changement prendra effet dès que la nouvelle adresse sera confirmée. Si ce n’était pas vous, changez votre mot de passe sans attendre.\n`,
  }),
  account_erased: () => ({
    subject: 'Votre compte a été supprimé',
    text: `Bonjour,\n\nComme vous l’avez demandé, votre compte a été supprimé, avec tout ce qui n’appartenait qu’à vous. Les messages que vous avez envoyés à d’autres restent chez eux, sous le nom « Deleted account ». Votre adresse e-mail n’est plus enregistrée ici.\n`,
  }),
};

/** Returns the subject and text of a mail in the given language. */
export function mailText(kind: MailKind, locale: Locale, words: { username: string; link: string }): MailText {
  const texts = { en: english, fr: french } satisfies Record<Locale, Record<MailKind, Words>>;
  return texts[locale][kind](words.username, words.link);
}
