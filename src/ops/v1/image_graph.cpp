// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/image_graph.hpp"

#include "ops/v1/finding_words.hpp"

#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/repository.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

/// Whether an image with this verdict cannot name its parent, or its parent is missing.
bool breaks_chain(Verdict verdict) {
  return verdict == Verdict::parent_missing || verdict == Verdict::parent_loop ||
         verdict == Verdict::json_damaged || verdict == Verdict::unreadable ||
         verdict == Verdict::dead_upload; // a dead upload may have no JSON
}

} // namespace

ImageGraph::Index ImageGraph::find(std::string_view id) const {
  if (!is_v1_id(id)) {
    return k_none;
  }
  const auto found = index_.find(PackedId(id));
  return found == index_.end() ? k_none : *found;
}

const std::string& ImageGraph::detail(Index image) const {
  static const std::string k_nothing;
  const auto found = details_.find(image);
  return found == details_.end() ? k_nothing : found->second;
}

std::exception_ptr ImageGraph::problem(Index repository) const {
  const auto found = problems_.find(repository);
  return found == problems_.end() ? nullptr : found->second;
}

ImageGraph::Index ImageGraph::add(const std::string& id, Index repository) {
  const PackedId packed(id);
  if (const auto found = index_.find(packed); found != index_.end()) {
    return *found;
  }
  const auto image = static_cast<Index>(images_.size());
  images_.emplace_back(packed).repository = repository;
  index_.insert(image);
  return image;
}

void ImageGraph::worsen(Index image, const Judgement& judgement) {
  if (judgement.verdict < images_[image].own) {
    return;
  }
  images_[image].own = judgement.verdict;
  if (!judgement.detail.empty()) {
    details_[image] = judgement.detail;
  }
}

Verdict ImageGraph::verdict(const Tag& tag) const {
  return tag.image == k_none || !images_[tag.image].is_there ? Verdict::nowhere
                                                             : images_[tag.image].worst;
}

bool ImageGraph::is_damaged(const Tag& tag) const {
  return verdict(tag) >= Verdict::dead_upload;
}

bool ImageGraph::is_damaged(const Image& image) const noexcept {
  switch (image.own) {
  case Verdict::dead_upload: // the next push of the image begins it again
  case Verdict::parent_missing:
  case Verdict::parent_loop:
    return image.is_reached;
  default:
    return image.own > Verdict::dead_upload;
  }
}

std::optional<std::vector<std::string>> ImageGraph::chain(Index image) const {
  const auto found = members(image);
  if (!found) {
    return std::nullopt;
  }
  std::vector<std::string> ids;
  for (const auto member : *found) {
    ids.push_back(images_[member].id.text());
  }
  return ids;
}

std::optional<std::vector<ImageGraph::Index>> ImageGraph::members(Index image) const {
  std::vector<Index> chain;
  for (auto member = image; member != k_none; member = images_[member].parent) {
    const auto own = images_[member].own;
    const bool is_broken = !images_[member].is_there || own == Verdict::parent_loop ||
                           own == Verdict::json_damaged || own == Verdict::unreadable;
    if (is_broken || chain.size() == k_max_chain) {
      return std::nullopt;
    }
    chain.push_back(member);
  }
  return chain;
}

/// Finds every image's verdict once, since chains share their lower ends.
void ImageGraph::settle() {
  std::vector<Index> path;
  for (Index start = 0; start < images_.size(); ++start) {
    path.clear();
    auto image = start;
    for (; image != k_none && images_[image].settling == Image::Settling::no;
         image = images_[image].parent) {
      images_[image].settling = Image::Settling::under_way;
      path.push_back(image);
    }
    const bool is_loop = image != k_none && images_[image].settling == Image::Settling::under_way;
    if (is_loop) {
      for (auto member = std::find(path.begin(), path.end(), image); member != path.end();
           ++member) {
        worsen(*member, {Verdict::parent_loop, k_own_ancestor});
      }
    }
    settle_path(path);
  }
}

void ImageGraph::settle_path(const std::vector<Index>& path) {
  for (auto member = path.rbegin(); member != path.rend(); ++member) {
    auto& image = images_[*member];
    const auto* parent = image.parent == k_none ? nullptr : &images_[image.parent];
    image.depth = parent != nullptr ? parent->depth + 1 : 0;
    if (parent != nullptr && !parent->is_there) {
      worsen(*member, {Verdict::parent_missing, words_for_lost_parent(parent->id.text())});
    } else if (image.depth >= k_max_chain) {
      worsen(*member, {Verdict::parent_loop, k_chain_too_long});
    }
    image.is_broken = breaks_chain(image.own) || (parent != nullptr && parent->is_broken);
    image.worst = image.own;
    image.at_fault = *member;
    const bool hides_parent = parent == nullptr && image.is_broken;
    image.chain_bytes = hides_parent ? k_unknown : image.layer_bytes;
    if (parent != nullptr) {
      if (parent->is_there && parent->worst > image.worst) {
        image.worst = parent->worst;
        image.at_fault = parent->at_fault;
      }
      const bool is_known = image.layer_bytes != k_unknown && parent->chain_bytes != k_unknown;
      image.chain_bytes = is_known ? image.layer_bytes + parent->chain_bytes : k_unknown;
    }
    image.settling = Image::Settling::done;
  }
}

void ImageGraph::walk(Index from, Index repository) {
  for (auto index = from; index != k_none && images_[index].seen_by != repository;
       index = images_[index].parent) {
    auto& image = images_[index];
    image.seen_by = repository;
    image.is_shared = image.is_shared || (image.is_reached && image.repository != repository);
    image.repository = image.is_reached ? image.repository : repository;
    image.is_reached = true;
    repository_sizes_[repository].add(image.added_bytes());
  }
}

void ImageGraph::keep(Index image) {
  for (auto index = image; index != k_none && !images_[index].is_reached;
       index = images_[index].parent) {
    images_[index].is_reached = true;
  }
}

void ImageGraph::reach(AuditStore& store) {
  repository_sizes_.resize(repositories_.size());
  for (const auto& tag : tags_) { // one repository after another, as walk() requires
    walk(tag.image, tag.repository);
    if (tag.image != k_none && images_[tag.image].is_broken) {
      reach_below_break(store, tag);
    }
  }
}

/// Marks images below a break as reached. Only the recorded ancestries of the images above it name
/// them.
void ImageGraph::reach_below_break(AuditStore& store, const Tag& tag) {
  std::size_t steps = 0;
  for (auto image = tag.image; image != k_none && steps < k_max_chain;
       image = images_[image].parent, ++steps) {
    const auto recorded = store.ancestry(repositories_[tag.repository], images_[image].id.text());
    images_[image].is_ancestry_hidden = recorded.problem.has_value();
    for (const auto& id : recorded.ids.value_or(std::vector<std::string>())) {
      walk(find(id), tag.repository);
    }
  }
}

std::string ImageGraph::repository_of(Index image) const {
  const auto repository = images_[image].repository;
  return repository == k_none ? "" : repositories_[repository];
}

} // namespace regctl::ops
