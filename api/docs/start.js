// validatorUrl is off: the default sends the document to a public server.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  displayOperationId: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
  showExtensions: true,
  validatorUrl: null,
});
