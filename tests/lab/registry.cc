#include "registry.h"

#include <sstream>

#include "failure.h"
#include "lab_files.h"

namespace tagdrift::lab {
namespace {

// bcrypt of kPassword, the only form that docker-registry accepts.
constexpr const char* kHtpasswd = "lab:$2y$04$V4UdbhDnAeOMiWPoxgKIz.KFjft/C3vQuUjeZmSOr.79kyr2TI4AS\n";

std::string FolderOf(const std::string& name) { return LabRoot() + "/registry/" + name; }

std::string Config(const std::string& folder, const std::string& host, const RegistryOptions& options) {
  const std::string storage = options.storage_of.empty() ? folder : FolderOf(options.storage_of);
  std::ostringstream yaml;
  yaml << "version: 0.1\n"
       << "log: {level: warn, accesslog: {disabled: false}}\n"
       << "storage:\n  filesystem: {rootdirectory: " << storage << "/storage}\n  delete: {enabled: true}\n"
       << "http:\n  addr: " << host << "\n  secret: lab\n";
  if (options.certificates) {
    yaml << "  tls: {certificate: " << options.certificates->certificate << ", key: " << options.certificates->key
         << (options.client_ca.empty() ? "" : ", clientcas: [" + options.client_ca + "]") << "}\n";
  }
  if (!options.auth.empty()) yaml << "auth: " << options.auth << "\n";
  if (options.wants_password) yaml << "auth:\n  htpasswd: {realm: lab, path: " << folder << "/htpasswd}\n";
  if (!options.pull_through.empty()) yaml << "proxy: {remoteurl: \"" << options.pull_through << "\"}\n";
  return yaml.str();
}

// `address - - [time] "METHOD PATH HTTP/1.1" STATUS size …` to "METHOD PATH STATUS"; empty for any other line.
std::string RequestOf(const std::string& line) {
  const std::size_t from = line.find("] \"");
  const std::size_t to = line.find(" HTTP/", from);
  const std::size_t status = line.find("\" ", to);
  if (from == std::string::npos || to == std::string::npos || status == std::string::npos) return "";
  return line.substr(from + 3, to - from - 3) + " " + line.substr(status + 2, 3);
}

}  // namespace

Registry::Registry(const std::string& name, RegistryOptions options)
    : name_("registry " + name), options_(std::move(options)), folder_(FolderOf(name)) {
  if (options_.port == 0) options_.port = FreePort();
  host_ = options_.address + ":" + std::to_string(options_.port);
  url_ = (options_.certificates ? "https://" : "http://") + host_;
  WriteFile(folder_ + "/htpasswd", kHtpasswd);
  WriteFile(folder_ + "/config.yml", Config(folder_, host_, options_));
  Start();
}

void Registry::Start() {
  if (daemon_) return;
  daemon_ = std::make_unique<Daemon>(
      name_, std::vector<std::string>{LabFile("registry/usr/bin/docker-registry"), "serve", folder_ + "/config.yml"},
      std::map<std::string, std::string>{{"OTEL_TRACES_EXPORTER", "none"}}, folder_ + "/log");
  daemon_->AwaitReady([this] { return Answers(); });
  TakeRequests();
}

void Registry::Stop() { daemon_.reset(); }

bool Registry::Answers() {
  const int status = Ask({.url = url_ + "/v2/"}).status;
  return status == 200 || (status == 401 && !options_.auth.empty());
}

HttpAnswer Registry::Ask(HttpRequest request) {
  if (options_.certificates) request.ca_file = options_.certificates->ca;
  if (!options_.client_ca.empty()) {
    request.client_certificate = options_.certificates->certificate;
    request.client_key = options_.certificates->key;
  }
  if (options_.wants_password) request.user_password = std::string(kUser) + ":" + kPassword;
  return Send(request);
}

void Registry::PushBlob(const std::string& repository, const Blob& blob) {
  const std::string blobs = url_ + "/v2/" + repository + "/blobs/";
  if (Ask({.method = "HEAD", .url = blobs + blob.digest}).status == 200) return;
  HttpAnswer answer = Ask({.method = "POST", .url = blobs + "uploads/"});
  std::string location = answer.headers["location"];
  if (answer.status == 202) {
    location += (location.find('?') == std::string::npos ? "?" : "&") + ("digest=" + blob.digest);
    answer = Ask(
        {.method = "PUT", .url = location, .headers = {"Content-Type: application/octet-stream"}, .body = blob.bytes});
  }
  if (answer.status != 201) {
    GiveUp("pushing " + blob.digest + " to " + blobs + ": " + std::to_string(answer.status) + " " + answer.error +
           answer.body);
  }
}

void Registry::PushDocument(const std::string& repository, const std::string& reference, const Blob& document) {
  const std::string url = url_ + "/v2/" + repository + "/manifests/" + reference;
  const HttpAnswer answer =
      Ask({.method = "PUT", .url = url, .headers = {"Content-Type: " + document.media_type}, .body = document.bytes});
  if (answer.status != 201) {
    GiveUp("pushing " + url + ": " + std::to_string(answer.status) + " " + answer.error + answer.body);
  }
}

void Registry::Push(const std::string& repository, const std::string& tag, const Artifact& artifact) {
  for (const Artifact& manifest : artifact.manifests) Push(repository, manifest.digest(), manifest);
  for (const Blob& blob : artifact.blobs) PushBlob(repository, blob);
  PushDocument(repository, tag, artifact.document);
}

void Registry::Delete(const std::string& repository, const std::string& digest) {
  const std::string url = url_ + "/v2/" + repository + "/manifests/" + digest;
  const HttpAnswer answer = Ask({.method = "DELETE", .url = url});
  if (answer.status != 202)
    GiveUp("deleting " + url + ": " + std::to_string(answer.status) + " " + answer.error + answer.body);
}

std::string Registry::Digest(const std::string& repository, const std::string& tag) {
  HttpAnswer answer =
      Ask({.method = "HEAD",
           .url = url_ + "/v2/" + repository + "/manifests/" + tag,
           .headers = {"Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"}});
  return answer.status == 200 ? answer.headers["docker-content-digest"] : "";
}

std::vector<std::string> Registry::TakeRequests() {
  // The log's line is written before the answer goes out, so all that was answered is there.
  const std::string log = ReadFile(folder_ + "/log");
  std::istringstream lines(log.substr(log_position_));
  log_position_ = log.size();
  std::vector<std::string> requests;
  for (std::string line; std::getline(lines, line);) {
    if (std::string request = RequestOf(line); !request.empty()) requests.push_back(std::move(request));
  }
  return requests;
}

void NameTheRegistries() {
  WriteFile("/etc/hosts", ReadFile("/etc/hosts") + "\n127.0.0.2 registry.corp\n127.0.0.3 mirror.corp\n");
}

}  // namespace tagdrift::lab
