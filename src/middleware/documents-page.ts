/** HTML page of the API documents. Its URLs are relative, so that it also works behind a proxy that adds a path. */
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
      This page needs JavaScript. You can also read the documents directly: <a href="openapi.json">openapi.json</a> (HTTP) and
      <a href="asyncapi.json">asyncapi.json</a> (realtime).
    </noscript>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

/**
 * Script of the page. Requests go to the address that the page came from: the browser can reach it, and the content
 * security policy of the page allows no other.
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
