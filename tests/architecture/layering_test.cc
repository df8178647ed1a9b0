#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string>;

/// Which modules each module may include, and which third-party headers (by their first path component) it may include
/// beyond those that all may.
struct Layer {
  Names modules;
  Names libraries;
};

const std::map<std::string, Layer>& Layers() {
  static const Names kAll = {"call", "text",   "image",  "hosts",  "facts",  "judge", "registry", "credentials", "node",
                             "kube", "report", "render", "record", "remote", "agent", "serve",    "cli"};
  static const std::map<std::string, Layer> kLayers = {
      {"call", {{}, {}}},
      {"text", {{}, {}}},
      {"image", {{"text"}, {"nlohmann", "openssl"}}},
      {"hosts", {{"text", "image"}, {"toml.hpp", "openssl"}}},
      {"facts", {{"text", "image", "hosts"}, {}}},
      {"judge", {{"text", "image", "hosts", "facts"}, {}}},
      {"registry", {{"call", "text", "image", "hosts"}, {"curl", "nlohmann", "openssl"}}},
      {"credentials", {{"call", "text", "hosts", "registry"}, {"nlohmann", "yaml-cpp"}}},
      {"node", {{"call", "text", "image", "hosts", "facts"}, {"grpcpp", "grpc", "google", "containerd", "runtime"}}},
      {"kube", {{"call", "text", "image", "hosts", "facts"}, {"curl", "nlohmann", "openssl", "yaml-cpp"}}},
      {"report", {{"text", "image", "hosts", "facts", "judge"}, {"google"}}},
      {"render", {{"text", "report"}, {"google"}}},
      {"record", {{"text", "image", "hosts", "facts", "judge", "report"}, {"nlohmann"}}},
      {"remote", {{"call", "text", "report"}, {"grpcpp", "grpc", "google"}}},
      {"agent",
       {{"call", "text", "image", "hosts", "facts", "judge", "registry", "credentials", "node", "kube", "report",
         "record"},
        {"spdlog"}}},
      {"serve",
       {{"call", "text", "image", "hosts", "facts", "judge", "registry", "report", "record", "agent"},
        {"grpcpp", "grpc", "google", "openssl", "prometheus", "spdlog"}}},
      {"cli", {kAll, {"spdlog", "CLI", "toml.hpp"}}},
  };
  return kLayers;
}

/// Text formatting and status values are everybody's.
const Names kEverywhere = {"absl", "fmt"};

struct Include {
  fs::path file;
  int line;
  std::string target;
};

std::vector<Include> IncludesOf(const fs::path& file) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  std::vector<Include> includes;
  std::ifstream in(file);
  std::string text;
  for (int line = 1; std::getline(in, text); ++line) {
    if (text.find("include") == std::string::npos) continue;  // the expression takes its time
    std::smatch match;
    if (std::regex_search(text, match, kInclude)) includes.push_back({file, line, match[1]});
  }
  return includes;
}

std::vector<Include> IncludesOfModule(const std::string& module) {
  std::vector<Include> includes;
  for (const char* folder : {"src/", "include/tagdrift/"}) {
    const fs::path root = fs::path(TAGDRIFT_SOURCE_DIR) / (folder + module);
    if (!fs::exists(root)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cc") continue;
      for (Include& include : IncludesOf(entry.path())) includes.push_back(std::move(include));
    }
  }
  return includes;
}

std::string FirstPart(const std::string& path) { return path.substr(0, path.find('/')); }

/// Empty: the include is allowed.
std::string Objection(const std::string& module, const Layer& layer, const std::string& target) {
  const std::string first = FirstPart(target);
  if (first == target && target != "toml.hpp")
    return "";  // the standard library, POSIX, or a private header beside the file
  if (first == "sys" || first == "linux" || first == "arpa" || first == "netinet" || first == "net") return "";
  if (first == module) return "";  // a private header, by its path below src
  if (first != "tagdrift") {
    if (kEverywhere.contains(first) || layer.libraries.contains(first)) return "";
    return "the library '" + first + "' is not for this module";
  }
  const std::string other = FirstPart(target.substr(first.size() + 1));
  static const Names kOfMessages = {"report", "render", "cli", "serve", "remote"};
  if (other == "v1") return kOfMessages.contains(module) ? "" : "the message is not for this module";
  if (other == module || layer.modules.contains(other)) return "";
  return "module '" + other + "' is not below this one";
}

TEST(Layering, EveryIncludeFollowsTheTable) {
  for (const auto& [module, layer] : Layers()) {
    const std::vector<Include> includes = IncludesOfModule(module);
    EXPECT_FALSE(includes.empty()) << "module " << module << " has no sources";
    for (const Include& include : includes) {
      const std::string objection = Objection(module, layer, include.target);
      EXPECT_EQ(objection, "") << include.file.string() << ":" << include.line << " includes " << include.target;
    }
  }
}

TEST(Layering, EveryModuleIsInTheTable) {
  for (const auto& entry : fs::directory_iterator(fs::path(TAGDRIFT_SOURCE_DIR) / "src")) {
    if (!entry.is_directory()) continue;
    EXPECT_TRUE(Layers().contains(entry.path().filename())) << entry.path();
  }
}

TEST(Layering, ObjectsToAnEdgeThatIsNotInTheTable) {
  EXPECT_NE(Objection("judge", Layers().at("judge"), "tagdrift/node/inventory.h"), "");
  EXPECT_NE(Objection("judge", Layers().at("judge"), "grpcpp/grpcpp.h"), "");
  EXPECT_NE(Objection("node", Layers().at("node"), "tagdrift/registry/client.h"), "");
  EXPECT_NE(Objection("image", Layers().at("image"), "toml.hpp"), "");
}

/// Libraries that stay behind one file of a module.
TEST(Layering, JsonAndTomlStayBehindFewFiles) {
  const std::map<std::string, std::map<std::string, int>> kMost = {
      {"image", {{"nlohmann", 1}}},
      {"hosts", {{"toml.hpp", 2}}},
      {"credentials", {{"yaml-cpp", 1}}},
      {"kube", {{"yaml-cpp", 1}, {"curl", 1}, {"openssl", 2}}}};
  for (const auto& [module, libraries] : kMost) {
    std::map<std::string, Names> files;
    for (const Include& include : IncludesOfModule(module)) files[FirstPart(include.target)].insert(include.file);
    for (const auto& [library, most] : libraries) {
      EXPECT_LE(files[library].size(), static_cast<std::size_t>(most)) << module << " includes " << library;
    }
  }
}

/// Streams that throw, or whose failure nobody sees.
TEST(Layering, PrintsOnlyThroughOutput) {
  static const std::regex kPrints(R"(fmt::print|std::(cerr|cout|clog)\b|\b(printf|fprintf|puts|fputs|perror)\()");
  // Each alternative has one of these; they are found sooner.
  const char* const kParts[] = {"print", "cerr", "cout", "clog", "puts", "perror"};
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(TAGDRIFT_SOURCE_DIR) / "src")) {
    if (entry.path().extension() != ".h" && entry.path().extension() != ".cc") continue;
    std::ifstream in(entry.path());
    int number = 1;
    for (std::string line; std::getline(in, line); ++number) {
      const auto is_in_line = [&](const char* part) { return line.find(part) != std::string::npos; };
      if (std::ranges::none_of(kParts, is_in_line)) continue;
      EXPECT_FALSE(std::regex_search(line, kPrints)) << entry.path().string() << ":" << number << ": " << line;
    }
  }
}

}  // namespace
