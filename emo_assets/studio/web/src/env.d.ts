declare module 'swagger-ui-dist/swagger-ui-es-bundle' {
  export default function SwaggerUI(options: {
    url: string
    dom_id: string
    deepLinking: boolean
  }): void
}
