/** The variables of every dashboard that name its data sources, so that it works with whatever they are called. */
export const prometheus = { type: 'prometheus', uid: '${prometheus}' } as const;
export const postgres = { type: 'grafana-postgresql-datasource', uid: '${postgres}' } as const;
