module smp-check.dev/interop

go 1.21

require (
	github.com/layer5io/service-mesh-performance v0.6.1
	google.golang.org/protobuf v1.36.4
)
