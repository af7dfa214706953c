// Reads and writes SMP messages with the specification's own Go bindings, in protojson's strict mode.
//
// One JSON object per line comes in: {"message": "...", "json": {...}} or {"message": "...", "binary": "base64"}.
// One goes out for each: {"camel": {...}, "snake": {...}, "binary": "base64"} or {"error": "..."}.
// Called with "describe", it prints the fields of every message instead, as the bindings know them.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	spec "github.com/layer5io/service-mesh-performance/spec"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

type request struct {
	Message string          `json:"message"`
	JSON    json.RawMessage `json:"json"`
	Binary  []byte          `json:"binary"`
}

type answer struct {
	Camel  json.RawMessage `json:"camel,omitempty"`
	Snake  json.RawMessage `json:"snake,omitempty"`
	Binary []byte          `json:"binary"`
	Error  string          `json:"error,omitempty"`
}

var messages = map[string]func() proto.Message{
	"PerformanceTestConfig":              func() proto.Message { return &spec.PerformanceTestConfig{} },
	"PerformanceTestConfig.Client":       func() proto.Message { return &spec.PerformanceTestConfig_Client{} },
	"PerformanceTestResult":              func() proto.Message { return &spec.PerformanceTestResult{} },
	"PerformanceTestResult.Latency":      func() proto.Message { return &spec.PerformanceTestResult_Latency{} },
	"PerformanceTestResult.CPU":          func() proto.Message { return &spec.PerformanceTestResult_CPU{} },
	"PerformanceTestResult.Memory":       func() proto.Message { return &spec.PerformanceTestResult_Memory{} },
	"PerformanceTestResult.Swap":         func() proto.Message { return &spec.PerformanceTestResult_Swap{} },
	"ServiceMeshConfig":                  func() proto.Message { return &spec.ServiceMeshConfig{} },
	"ServiceMeshConfig.IngressGateway":   func() proto.Message { return &spec.ServiceMeshConfig_IngressGateway{} },
	"ServiceMeshConfig.EgressGateway":    func() proto.Message { return &spec.ServiceMeshConfig_EgressGateway{} },
	"ServiceMeshConfig.Sidecar":          func() proto.Message { return &spec.ServiceMeshConfig_Sidecar{} },
	"ServiceMeshConfig.MeshTelemetry":    func() proto.Message { return &spec.ServiceMeshConfig_MeshTelemetry{} },
	"ServiceMeshConfig.MeshPolicy":       func() proto.Message { return &spec.ServiceMeshConfig_MeshPolicy{} },
	"ServiceMeshConfig.MeshControlPlane": func() proto.Message { return &spec.ServiceMeshConfig_MeshControlPlane{} },
	"EnvironmentConfig":                  func() proto.Message { return &spec.EnvironmentConfig{} },
	"EnvironmentConfig.Node":             func() proto.Message { return &spec.EnvironmentConfig_Node{} },
	"EnvironmentConfig.IndividualWorkload": func() proto.Message {
		return &spec.EnvironmentConfig_IndividualWorkload{}
	},
	"ServiceMesh":         func() proto.Message { return &spec.ServiceMesh{} },
	"ApplicationMetadata": func() proto.Message { return &spec.ApplicationMetadata{} },
	"TrafficMetadata":     func() proto.Message { return &spec.TrafficMetadata{} },
}

func convert(asked request) (made answer, err error) {
	message := messages[asked.Message]()
	if asked.JSON != nil {
		err = protojson.UnmarshalOptions{DiscardUnknown: false}.Unmarshal(asked.JSON, message)
	} else {
		err = proto.Unmarshal(asked.Binary, message)
	}
	if err != nil {
		return made, err
	}
	if made.Camel, err = (protojson.MarshalOptions{}).Marshal(message); err != nil {
		return made, err
	}
	if made.Snake, err = (protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true}).Marshal(message); err != nil {
		return made, err
	}
	made.Binary, err = proto.Marshal(message)
	return made, err
}

type field struct {
	Name     string   `json:"name"`
	Camel    string   `json:"camel"`
	Number   int32    `json:"number"`
	Kind     string   `json:"kind"`
	Repeated bool     `json:"repeated"`
	Map      bool     `json:"map"`
	Of       string   `json:"of,omitempty"`
	Values   []string `json:"values,omitempty"`
}

func describe() map[string][]field {
	described := map[string][]field{}
	for name, create := range messages {
		fields := create().ProtoReflect().Descriptor().Fields()
		for i := 0; i < fields.Len(); i++ {
			f := fields.Get(i)
			made := field{
				Name: string(f.Name()), Camel: f.JSONName(), Number: int32(f.Number()), Kind: f.Kind().String(),
				Repeated: f.IsList(), Map: f.IsMap(),
			}
			if f.Message() != nil && !f.IsMap() {
				made.Of = string(f.Message().FullName())
			}
			if f.Enum() != nil {
				made.Of = string(f.Enum().FullName())
				for j := 0; j < f.Enum().Values().Len(); j++ {
					made.Values = append(made.Values, string(f.Enum().Values().Get(j).Name()))
				}
			}
			described[name] = append(described[name], made)
		}
	}
	return described
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "describe" {
		if json.NewEncoder(os.Stdout).Encode(describe()) != nil {
			os.Exit(1)
		}
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		err := json.Unmarshal(lines.Bytes(), &asked)
		var made answer
		if err == nil {
			made, err = convert(asked)
		}
		if err != nil {
			made = answer{Error: err.Error()}
		}
		if err = out.Encode(made); err != nil {
			os.Exit(1)
		}
	}
}
