"use strict";

SwaggerUIBundle({
  url: "../schema/?format=json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  requestInterceptor: (request) => {
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/);
    if (token && !["GET", undefined].includes(request.method)) request.headers["X-CSRFToken"] = token[1];
    return request;
  },
});
