// The documentation of the REST API, from the server's OpenAPI document.
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle'
import 'swagger-ui-dist/swagger-ui.css'

SwaggerUI({ url: '/openapi.json', dom_id: '#docs', deepLinking: true })
