import { acceptedOrOk, type Endpoint, endpoint, ok } from '../../kernel/endpoint.js';
import { AccountExport, DeleteAccount, ErasurePlanned, ErasurePreview } from '@causerie/contract/account';
import type { Deletion } from './deletion.service.js';
import type { Exporting } from './exporting.service.js';

interface Account {
  deletion: Deletion;
  exporting: Exporting;
}

/** The end of an account, and all that it holds; under `/api/users`. */
export function accountEndpoints(account: Account): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/export',
      summary: 'Get everything that the account holds',
      description: 'One JSON document, streamed as it is read.',
      returns: { 200: AccountExport },
      handle: ({ actor }) => Promise.resolve(ok(account.exporting.of(actor))),
    }),
    endpoint({
      method: 'delete',
      path: '/me',
      summary: 'Delete the own account',
      description:
        'It is hidden and signed out everywhere at once, and erased at `erasureAt`; logging in before takes that back. With `dryRun` it is told what would go.',
      body: DeleteAccount,
      returns: { 200: ErasurePreview, 202: ErasurePlanned },
      handle: async ({ actor, body, locale }) => acceptedOrOk(await account.deletion.request(actor, body, locale)),
    }),
  ];
}
