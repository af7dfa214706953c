#!/usr/bin/env bash
# A kind cluster with a mesh, and the shop in it twice: in the mesh (port 8080) and outside of it (port 8081).
#
#   examples/kubernetes/up.sh istio|linkerd|consul
#
# Needs kind, kubectl, helm and curl, which GitHub's Ubuntu runners have. `kind delete cluster --name smp-check` ends it.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
ISTIO="${ISTIO_VERSION:-1.27.1}"
LINKERD="${LINKERD_VERSION:-edge-25.4.4}" # Linkerd 2.18
GATEWAY_API="${GATEWAY_API_VERSION:-v1.2.1}"
CONSUL="${CONSUL_CHART_VERSION:-1.7.0}"

istio() {
  local charts=https://istio-release.storage.googleapis.com/charts
  helm install istio-base base --repo "$charts" --version "$ISTIO" --namespace istio-system --create-namespace
  helm install istiod istiod --repo "$charts" --version "$ISTIO" --namespace istio-system --wait
  kubectl label namespace shop istio-injection=enabled
}

linkerd() {
  kubectl apply --filename \
    "https://github.com/kubernetes-sigs/gateway-api/releases/download/$GATEWAY_API/standard-install.yaml"
  curl --proto '=https' --tlsv1.2 --silent --show-error --fail --location https://run.linkerd.io/install-edge |
    LINKERD2_VERSION="$LINKERD" sh
  local cli="$HOME/.linkerd2/bin/linkerd"
  "$cli" install --crds | kubectl apply --filename -
  "$cli" install | kubectl apply --filename -
  "$cli" check --wait 5m
  kubectl annotate namespace shop linkerd.io/inject=enabled
}

consul() {
  helm install consul consul --repo https://helm.releases.hashicorp.com --version "$CONSUL" \
    --namespace consul --create-namespace --wait \
    --set global.name=consul --set server.replicas=1 \
    --set connectInject.default=true --set 'connectInject.k8sDenyNamespaces[0]=plain'
  kubectl apply --filename - <<'YAML'
apiVersion: consul.hashicorp.com/v1alpha1
kind: ProxyDefaults
metadata: {name: global, namespace: consul}
spec:
  config: {protocol: http}
YAML
}

deploy() { # NAMESPACE NODE_PORT
  kubectl apply --namespace "$1" --filename "$here/shop.yaml"
  kubectl create service nodeport front --namespace "$1" --tcp=8080:8080 --node-port="$2"
  kubectl rollout status --namespace "$1" --timeout=3m deployment/shop deployment/front
}

answers() { # URL
  curl --silent --show-error --fail --output /dev/null --retry 30 --retry-delay 1 --retry-all-errors "$1"
}

case "${1:-}" in
  istio | linkerd | consul) mesh="$1" ;;
  *)
    echo "usage: $0 istio|linkerd|consul" >&2
    exit 2
    ;;
esac
kind create cluster --config "$here/kind.yaml" --wait 2m
kubectl create namespace shop
kubectl create namespace plain
"$mesh"
deploy shop 30080
deploy plain 30081
answers http://127.0.0.1:8080/
answers http://127.0.0.1:8081/
