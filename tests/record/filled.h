#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "record/round_fields.h"

namespace tagdrift::record {

/// An archive that gives every field it is shown a value of its own that is not empty, down to the last struct.
class Filler {
 public:
  static constexpr bool kReads = true;

  template <class T>
  void operator()(const char*, T& value) {
    Fill(value);
  }
  void Fail(const std::string&) {}

  void Fill(std::string& value) { value = "text " + std::to_string(++count_); }
  void Fill(bool& value) { value = true; }
  void Fill(absl::Time& value) { value = absl::FromUnixSeconds(1'700'000'000) + absl::Nanoseconds(++count_); }
  void Fill(absl::Duration& value) { value = absl::Microseconds(++count_); }
  void Fill(image::Digest& value) { value = image::Digest::OfBytes(std::to_string(++count_)); }
  void Fill(image::Reference& value) { value = *image::Reference::Parse("r.test/app:v" + std::to_string(++count_)); }
  void Fill(hosts::ContainerdVersion& value) { value = {2, 1, ++count_}; }
  void Fill(hosts::Capabilities& value) { value = {hosts::Capability::kPull, hosts::Capability::kReferrers}; }
  template <Number T>
  void Fill(T& value) {
    value = static_cast<T>(++count_);
  }
  /// The last one.
  template <Enum T>
  void Fill(T& value) {
    for (int i = 0; i < 64; ++i) {
      if (Name(static_cast<T>(i)) != nullptr) value = static_cast<T>(i);
    }
  }
  template <class T>
  void Fill(std::optional<T>& value) {
    value = Filled<T>();
  }
  template <class A, class B>
  void Fill(std::pair<A, B>& value) {
    Fill(value.first);
    Fill(value.second);
  }
  template <class T>
  void Fill(std::vector<T>& value) {
    value = {Filled<T>(), Filled<T>()};
  }
  template <class T>
  void Fill(image::SharedList<T>& value) {
    value = std::vector<T>{Filled<T>(), Filled<T>()};
  }
  template <class K, class T>
  void Fill(std::map<K, T>& value) {
    value.clear();
    for (int i = 0; i < 2; ++i) value.emplace(Filled<K>(), Filled<T>());
  }
  /// The last alternative.
  template <class... T>
  void Fill(std::variant<T...>& value) {
    ((value = Filled<T>()), ...);
  }
  template <class T>
  void Fill(T& value) {
    Fields(*this, value);
  }

  template <class T>
  T Filled() {
    T value = Blank<T>();
    Fill(value);
    return value;
  }

 private:
  int count_ = 0;
};

}  // namespace tagdrift::record
