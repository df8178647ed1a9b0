#include "scripted_scene.h"

#include <string_view>

namespace tagdrift::cli {
namespace {

/// Their names make a report longer than a page.
std::string LongHeaders() {
  std::string toml = "[header]\n";
  for (int i = 0; i < 10; ++i) toml += "  x-" + std::string(200, 'h') + std::to_string(i) + " = \"value\"\n";
  return toml;
}

}  // namespace

ScriptedScene::ScriptedScene(int hanging_call, CallGate::Hang hang, bool wants_login)
    : gate_(hanging_call, hang), node_(gate_), wants_login_(wants_login) {
  registry_ = std::make_unique<registry::TestServer>([this](const registry::Received& request) {
    registry::Scripted reply{.bytes = "", .then = registry::Scripted::Then::kReset};
    gate_.Pass(
        request.method + " " + request.target, [] { return false; }, [&] { reply = Answer(request); });
    return reply;
  });
  node_.Add(tag(), old_);
  node_.AddToPull(new_);
  folder_.Write("certs.d/" + registry() + "/hosts.toml", "server = \"http://" + registry() + "\"\n" + LongHeaders());
}

ScriptedScene::~ScriptedScene() { gate_.Release(); }

std::vector<std::string> ScriptedScene::Arguments(const std::string& command,
                                                  const std::vector<std::string>& more) const {
  std::vector<std::string> arguments{command, "--runtime-endpoint",     node_.endpoint(),           "--image-pull",
                                     "local", "--registry-config-path", folder_.path() + "/certs.d"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

registry::Scripted ScriptedScene::Answer(const registry::Received& request) {
  if (wants_login_) {
    return registry::ReplyStatus("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"scripted\"\r\n");
  }
  const std::string object = request.target.substr(request.target.rfind('/') + 1);
  const bool is_manifest = request.target.find("/manifests/") != std::string::npos;
  const std::string digest = is_manifest && object == "v1" ? new_.digest : object;
  const auto blob = new_.blobs.find(digest);
  if (blob == new_.blobs.end()) return registry::ReplyStatus("404 Not Found\r\n");
  return registry::Reply200(request,
                            "Docker-Content-Digest: " + digest + "\r\nContent-Type: " +
                                (is_manifest ? new_.manifest_type : "application/octet-stream") + "\r\n",
                            blob->second);
}

}  // namespace tagdrift::cli
