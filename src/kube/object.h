#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tagdrift::kube {

/// A JSON object, or a YAML mapping read into one, field by field. The first thing that is wrong in a document is kept
/// in the status that all objects of it share; what is asked for after it is empty. Fields that are null are not there.
class Object {
 public:
  /// `where` names the object in errors ("items[3]"); empty for the whole document. All three outlive it and what
  /// comes of it.
  Object(const nlohmann::json& value, std::string where, absl::Status& status);

  bool Has(const char* field) const;
  /// Empty where there is none.
  std::string Text(const char* field) const;
  /// False where there is none; YAML's text "true" will do.
  bool Flag(const char* field) const;
  /// 0 where there is none.
  long Number(const char* field) const;
  /// An empty object where there is none.
  Object Child(const char* field) const;
  /// The objects of a list; none where there is none.
  std::vector<Object> List(const char* field) const;
  std::vector<std::string> Texts(const char* field) const;
  /// Names of all fields, sorted.
  std::vector<std::string> Names() const;

  /// InvalidArgument "items[3]: TEXT", unless there is an error.
  void Fail(const std::string& text) const;
  const absl::Status& status() const { return *status_; }

 private:
  const nlohmann::json& Field(const char* field) const;
  std::string Path(const char* field) const;

  const nlohmann::json* value_;
  std::string where_;
  absl::Status* status_;
};

}  // namespace tagdrift::kube
