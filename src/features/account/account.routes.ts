import { acceptedOrOk, type Endpoint, endpoint, ok } from '../../kernel/endpoint.js';
import { AccountExport, DeleteAccount, ErasurePlanned, ErasurePreview } from '@causerie/contract/account';
import type { Deletion } from './deletion.service.js';
import type { Exporting } from './exporting.service.js';

interface Account {
  deletion: Deletion;
  exporting: Exporting;
}

/** Export and deletion of the own account, under `/api/users`. */
export function accountEndpoints(account: Account): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/export',
      summary: 'Export account data',
      description: 'Everything the account holds, as one JSON document. The answer is streamed.',
      returns: { 200: AccountExport },
      handle: ({ actor }) => Promise.resolve(ok(account.exporting.of(actor))),
    }),
    endpoint({
      method: 'delete',
      path: '/me',
      summary: 'Delete the account',
      description:
        'The account is hidden and signed out everywhere at once, and erased at `erasureAt`. Logging in before then cancels the deletion. With `dryRun` nothing is deleted, and the answer lists what would be.',
      body: DeleteAccount,
      returns: { 200: ErasurePreview, 202: ErasurePlanned },
      handle: async ({ actor, body, locale }) => acceptedOrOk(await account.deletion.request(actor, body, locale)),
    }),
  ];
}
