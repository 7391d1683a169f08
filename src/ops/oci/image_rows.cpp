// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/image_rows.hpp"

#include "ops/oci/manifest_tree.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/model/oci/config.hpp>
#include <regctl/ops/problem.hpp>

#include <map>
#include <mutex>
#include <utility>

namespace regctl::ops {

namespace {

/// Fills in rows of one repository. Tags of one image read it once.
class RowReader {
public:
  explicit RowReader(OciRepository& repository) : repository_(repository) {}

  void fill_in(ImageRow& row, const oci::ManifestName& name) {
    try {
      const auto node = read_manifest_node(repository_, name);
      row.id = node.document.digest.to_string();
      const auto facts = facts_of(node);
      row.created = facts.created;
      row.size_bytes = facts.size_bytes;
    } catch (const Error& error) {
      if (ends_run(error)) {
        throw;
      }
      row.problem = std::current_exception();
    }
  }

private:
  struct Facts {
    std::string created;
    std::optional<std::uint64_t> size_bytes;
  };

  Facts facts_of(const ManifestNode& node) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = known_.find(node.document.digest); found != known_.end()) {
        return found->second;
      }
    }
    Facts facts;
    if (node.manifest.kind == oci::Manifest::Kind::image) {
      facts.size_bytes = 0;
      for (const auto& blob : node.manifest.blobs()) {
        add_size(*facts.size_bytes, blob.size_bytes);
      }
      if (node.manifest.config && oci::is_image_config(node.manifest.config->media_type)) {
        facts.created =
            oci::Config::parse(read_config(repository_, node.manifest), "its config").created;
      }
    }
    const std::lock_guard lock(mutex_);
    known_.emplace(node.document.digest, facts);
    return facts;
  }

  OciRepository& repository_;
  std::mutex mutex_; ///< guards the member below
  std::map<oci::Digest, Facts> known_;
};

struct Named {
  ImageRow row;
  oci::ManifestName name;
};

std::vector<ImageRow> fill_in(Session& session, OciRepository& repository,
                              std::vector<Named> named) {
  RowReader reader(repository);
  run_parallel(session.jobs(), named.size(),
               [&](std::size_t i) { reader.fill_in(named[i].row, named[i].name); });
  std::vector<ImageRow> rows;
  rows.reserve(named.size());
  for (auto& entry : named) {
    rows.push_back(std::move(entry.row));
  }
  return rows;
}

ImageRow row_of(const std::string& repository, const std::string& tag) {
  return {repository, tag, std::nullopt, "", std::nullopt, nullptr};
}

/// The repository and the tag that a name in a layout or an archive stands for.
ImageRow row_of_entry(const std::string& name) {
  const auto [repository, tag] = split_tag(name);
  if (tag && repository.find('/') != std::string_view::npos) {
    return row_of(std::string(repository), std::string(*tag));
  }
  return row_of("<none>", name.empty() ? "<none>" : name);
}

} // namespace

std::vector<ImageRow> list_oci_rows(Session& session, OciRepository& repository,
                                    const std::string& name) {
  std::vector<Named> named;
  for (const auto& tag : list_oci_tags(repository)) {
    named.push_back({row_of(name, tag), oci::ManifestName::tag(tag)});
  }
  return fill_in(session, repository, std::move(named));
}

std::vector<ImageRow> list_oci_rows(Session& session, const OciPlace& from) {
  const auto& place = from.place;
  const bool is_one =
      place.reference ? (place.reference->tag || place.reference->digest) : place.entry.has_value();
  if (!is_one && from.images == nullptr) {
    return list_oci_rows(session, *from.repository, place.reference->name_in_v2());
  }
  std::vector<Named> named;
  for (auto& image : is_one ? std::vector{select_oci_image(from)} : select_all_oci_images(from)) {
    auto row = from.images != nullptr ? row_of_entry(image.tag)
                                      : row_of(place.reference->name_in_v2(),
                                               image.tag.empty() ? "<none>" : image.tag);
    named.push_back({std::move(row), std::move(image.name)});
  }
  auto rows = fill_in(session, *from.repository, named);
  if (is_one && rows.front().problem) {
    std::rethrow_exception(rows.front().problem);
  }
  return rows;
}

} // namespace regctl::ops
