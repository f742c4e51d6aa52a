// The endpoint that a new run offers when its oracle is a model. Kept in this browser or window; the key is not.
const key = 'innerview:oracle'

export interface Endpoint {
  baseUrl: string
  oracleModel: string
}

export const standardEndpoint: Readonly<Endpoint> = {
  baseUrl: 'https://api.openai.com/v1',
  oracleModel: 'gpt-4o-mini',
}

export function storedEndpoint(): Endpoint {
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Record<keyof Endpoint, unknown>>
    const { baseUrl, oracleModel } = stored
    return {
      baseUrl: typeof baseUrl === 'string' && baseUrl ? baseUrl : standardEndpoint.baseUrl,
      oracleModel:
        typeof oracleModel === 'string' && oracleModel ? oracleModel : standardEndpoint.oracleModel,
    }
  } catch {
    // Somebody else wrote there; the standard one is as good.
    return { ...standardEndpoint }
  }
}

export const storeEndpoint = (endpoint: Endpoint): void => localStorage.setItem(key, JSON.stringify(endpoint))
