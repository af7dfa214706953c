window.BENCHMARK_DATA = {
  "lastUpdate": 1767261600000,
  "repoUrl": "https://github.com/o/r",
  "entries": {
    "Go": [
      {
        "commit": {
          "id": "4f1c9a2",
          "message": "m",
          "timestamp": "2026-01-01T10:00:00Z"
        },
        "date": 1767261600000,
        "tool": "go",
        "benches": [
          {
            "name": "BenchmarkGet",
            "value": 1200,
            "range": "\u00b1 5",
            "unit": "ns/op",
            "extra": "x"
          },
          {
            "name": "throughput",
            "value": 90.5,
            "unit": "ops/sec"
          }
        ]
      },
      {
        "commit": {
          "id": "8be2d10",
          "message": "m",
          "timestamp": "2026-01-02T10:00:00Z"
        },
        "date": 1767348000000,
        "tool": "go",
        "benches": [
          {
            "name": "BenchmarkGet",
            "value": 1210,
            "unit": "ns/op"
          },
          {
            "name": "broken",
            "value": "n/a",
            "unit": "s"
          }
        ]
      }
    ]
  }
}
