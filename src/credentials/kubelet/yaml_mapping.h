#pragma once

#include <yaml-cpp/yaml.h>

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tagdrift::credentials {

/// A YAML mapping read field by field. The first thing that is wrong is kept; what is asked after it is empty.
class YamlMapping {
 public:
  /// `what` names it in errors ("provider 'x'"). Wrong from the start: no mapping, a field that is not in `known`, or a
  /// field given twice.
  YamlMapping(const YAML::Node& node, std::string what, std::initializer_list<std::string_view> known);

  bool Has(const char* field) const;
  /// Empty where there is none.
  std::string Text(const char* field);
  std::vector<std::string> Texts(const char* field);
  std::optional<bool> Flag(const char* field);
  /// The nodes of a list; none where there is none.
  std::vector<YAML::Node> Nodes(const char* field);
  YAML::Node Node(const char* field) const;

  /// Keeps an error unless there is one.
  void Fail(const std::string& text);
  const absl::Status& status() const { return status_; }

 private:
  std::string what_;
  std::map<std::string, YAML::Node, std::less<>> fields_;
  absl::Status status_;
};

}  // namespace tagdrift::credentials
