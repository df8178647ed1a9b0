#include "credentials/kubelet/yaml_mapping.h"

#include <algorithm>

#include "credentials/shown_key.h"

namespace tagdrift::credentials {

YamlMapping::YamlMapping(const YAML::Node& node, std::string what, std::initializer_list<std::string_view> known)
    : what_(std::move(what)) {
  if (!node.IsMap()) {
    Fail("is no mapping");
    return;
  }
  for (const auto& field : node) {
    const std::string name = field.first.IsScalar() ? field.first.Scalar() : "";
    if (std::ranges::find(known, name) == known.end()) Fail("has the unknown field '" + ShownKey(name) + "'");
    if (!fields_.emplace(name, field.second).second) Fail("has the field '" + ShownKey(name) + "' twice");
  }
}

bool YamlMapping::Has(const char* field) const {
  const auto found = fields_.find(field);
  return found != fields_.end() && !found->second.IsNull();
}

YAML::Node YamlMapping::Node(const char* field) const {
  const auto found = fields_.find(field);
  return found == fields_.end() ? YAML::Node() : found->second;
}

std::string YamlMapping::Text(const char* field) {
  if (!Has(field)) return {};
  const YAML::Node node = Node(field);
  if (node.IsScalar()) return node.Scalar();
  Fail(std::string("needs text in '") + field + "'");
  return {};
}

std::optional<bool> YamlMapping::Flag(const char* field) {
  const std::string text = Text(field);
  if (text == "true") return true;
  if (text == "false") return false;
  if (Has(field)) Fail(std::string("needs true or false in '") + field + "'");
  return std::nullopt;
}

std::vector<YAML::Node> YamlMapping::Nodes(const char* field) {
  std::vector<YAML::Node> nodes;
  if (!Has(field)) return nodes;
  const YAML::Node list = Node(field);
  if (!list.IsSequence()) {
    Fail(std::string("needs a list in '") + field + "'");
    return nodes;
  }
  for (const YAML::Node& node : list) nodes.push_back(node);
  return nodes;
}

std::vector<std::string> YamlMapping::Texts(const char* field) {
  std::vector<std::string> texts;
  for (const YAML::Node& node : Nodes(field)) {
    if (!node.IsScalar()) Fail(std::string("needs a list of text in '") + field + "'");
    texts.push_back(node.IsScalar() ? node.Scalar() : "");
  }
  return texts;
}

void YamlMapping::Fail(const std::string& text) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(what_ + " " + text);
}

}  // namespace tagdrift::credentials
