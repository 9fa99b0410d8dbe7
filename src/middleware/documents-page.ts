/** The page of the API documents. Its URLs are relative, so that it works behind a proxy that adds a path. */
export const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Causerie API</title>
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="page"></div>
    <noscript>
      This page needs JavaScript. The documents themselves: <a href="openapi.json">openapi.json</a> (HTTP) and
      <a href="asyncapi.json">asyncapi.json</a> (realtime).
    </noscript>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

/**
 * Shows the document. Requests go to the origin of the page: the one that this browser can reach, and the only one
 * that the policy of the page allows.
 */
export const script = `'use strict';
(async () => {
  const response = await fetch('openapi.json');
  const spec = await response.json();
  const server = new URL('..', location.href).href.replace(/\\/$/, '');
  spec.servers = [{ url: server }];
  SwaggerUIBundle({
    spec,
    dom_id: '#page',
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: 'list',
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
  });
})().catch((error) => {
  document.getElementById('page').textContent = 'The documents could not be loaded: ' + error;
});
`;
