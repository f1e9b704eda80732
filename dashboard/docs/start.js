const { SwaggerUIBundle } = globalThis;
// A token that is typed in stays in this page: it is not kept, and no other site is asked.
SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
