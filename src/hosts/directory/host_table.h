#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hosts/directory/hosts_file.h"

namespace tagdrift::hosts {

/// The values in `table` that containerd takes for the key `name`, the one that counts last: 1.x wants it as written or
/// all in capitals, 2.x takes any case.
std::vector<const TomlValue*> FieldsOf(const TomlValue& table, std::string_view name, TomlDialect dialect);

/// Whether the types of all known keys fit, unknown keys set aside: containerd checks them in every host table, also in
/// one that it then does not use.
std::optional<HostsFileIgnored> MistypedKey(const TomlValue& table, Release release);

/// Reads the keys that a host table and the top level share. `key` is the host as written (a table's key, the value of
/// `server`; empty: none). The types must fit already.
std::variant<HostEntry, HostsFileIgnored> ReadHostTable(const std::string& key, const TomlValue& table,
                                                        const std::string& directory, Release release);

}  // namespace tagdrift::hosts
