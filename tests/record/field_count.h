#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "record/round_fields.h"

namespace tagdrift::record {

struct Anything {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor)
};

template <class T, std::size_t... I>
constexpr bool TakesValues(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), Anything{})...}; };
}

/// How many members an aggregate has: that many values initialise it, and no more.
template <class T, std::size_t Most = 32>
constexpr std::size_t MemberCount() {
  if constexpr (Most == 0 || TakesValues<T>(std::make_index_sequence<Most>())) {
    return Most;
  } else {
    return MemberCount<T, Most - 1>();
  }
}

/// An archive that counts the fields of each struct that it meets, and the struct's members.
class FieldCounter {
 public:
  static constexpr bool kReads = false;
  struct Counts {
    std::size_t fields = 0;
    std::size_t members = 0;
  };

  template <class T>
  void Visit(const T& value) {
    if constexpr (requires(FieldCounter & other) { Fields(other, value); }) {
      FieldCounter own;
      Fields(own, value);
      of_.insert(own.of_.begin(), own.of_.end());
      of_[typeid(T).name()] = {own.fields_, MemberCount<T>()};
    }
  }
  template <class T>
  void Visit(const std::optional<T>& value) {
    if (value) Visit(*value);
  }
  template <class A, class B>
  void Visit(const std::pair<A, B>& value) {
    Visit(value.first);
    Visit(value.second);
  }
  template <Sequence T>
  void Visit(const T& value) {
    for (const auto& item : value) Visit(item);
  }
  template <class... T>
  void Visit(const std::variant<T...>& value) {
    std::visit([this](const auto& held) { Visit(held); }, value);
  }

  template <class T>
  void operator()(const char*, const T& value) {
    ++fields_;
    Visit(value);
  }

  const std::map<std::string, Counts>& of() const { return of_; }

 private:
  std::size_t fields_ = 0;
  std::map<std::string, Counts> of_;  ///< by the type's name
};

}  // namespace tagdrift::record
