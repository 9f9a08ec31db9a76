SwaggerUIBundle({
  url: "{{ url_for('reference.openapi') }}",
  dom_id: "#reference",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
