import { createMailer } from '../drivers/mail.js';
import { createAddresses } from '../features/auth/change-email.js';
import { createAttempts } from '../features/auth/attempts.js';
import { createAuth } from '../features/auth/auth.service.js';
import { createCommonPasswords } from '../features/auth/common-passwords.js';
import { createMailDelivery } from '../features/auth/deliver-mail.js';
import { createMailTokens } from '../features/auth/mail-tokens.js';
import { createMails } from '../features/auth/mails.js';
import { createPasswordRules } from '../features/auth/password-rules.js';
import { createPasswords } from '../features/auth/passwords.js';
import { createPasswordRecovery } from '../features/auth/recover-password.js';
import { createSessions } from '../features/sessions/sessions.service.js';
import { createRelations } from '../views/relations.js';
import { createAccounts } from '../features/users/accounts.js';
import { createUsers } from '../features/users/users.service.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';
import type { Files } from './files.js';

/** Sessions, people, and signing in. */
export function createPeople(options: ServerOptions, infrastructure: Infrastructure, files: Files) {
  const { config, logger, publicUrl } = options;
  const { repositories, keys, bus, presence, isLimited, jobs } = infrastructure;
  const { reservations, userViews: views } = files;
  const sessions = createSessions({
    repository: repositories.sessions,
    keys,
    bus,
    jobs,
    logger,
    settings: { ...config.sessions, isLimited },
  });
  const relations = createRelations(repositories.relations);
  const users = createUsers({
    repository: repositories.users,
    relations,
    bus,
    presence,
    reservations,
    views,
  });
  const accounts = createAccounts({ repository: repositories.users, views });
  const passwords = { ...createPasswords({ isLimited }), ...createPasswordRules(createCommonPasswords()) };
  const attempts = createAttempts({ repository: repositories.attempts, factor: config.rateLimitFactor });
  const tokens = createMailTokens(keys);
  jobs.handle('mail', createMailDelivery({ accounts, tokens, driver: createMailer(config.mail), publicUrl }));
  const mails = createMails({ jobs });
  const { isRegistrationOpen } = config;
  const auth = createAuth({ accounts, sessions, passwords, attempts, mails, isRegistrationOpen });
  const recovery = createPasswordRecovery({ accounts, sessions, passwords, attempts, mails, tokens });
  const addresses = createAddresses({ accounts, passwords, attempts, mails, tokens, bus });
  return { sessions, users, accounts, passwords, attempts, mails, auth, recovery, addresses };
}

export type PeopleParts = ReturnType<typeof createPeople>;
