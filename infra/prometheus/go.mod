module tributary.dev/infra/prometheus

go 1.26.8
