import { acceptedOrOk, type Endpoint, endpoint, ok } from '../../kernel/endpoint.js';
import { AccountExport, DeleteAccount, ErasurePlanned, ErasurePreview } from '@causerie/contract/account';
import type { RequestDeletion } from './delete-account.js';
import type { ExportAccount } from './export-account.js';

interface Account {
  deleteAccount: RequestDeletion;
  exportAccount: ExportAccount;
}

/** Export and deletion of the caller's account, under `/api/users`. */
export function accountEndpoints(account: Account): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/export',
      summary: 'Export account data',
      description: 'Everything the account holds, as one JSON document. The response is streamed.',
      returns: { 200: AccountExport },
      handle: ({ actor }) => Promise.resolve(ok(account.exportAccount(actor))),
    }),
    endpoint({
      method: 'delete',
      path: '/me',
      summary: 'Delete the account',
      description:
        'The account is hidden and signed out everywhere at once, and erased at `erasureAt`. Logging in before then cancels the deletion. With `dryRun` nothing is deleted, and the response lists what would be.',
      body: DeleteAccount,
      returns: { 200: ErasurePreview, 202: ErasurePlanned },
      handle: async ({ actor, body, locale }) => acceptedOrOk(await account.deleteAccount(actor, body, locale)),
    }),
  ];
}
