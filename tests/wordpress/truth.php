<?php
/** Print what WordPress's database says of every post, one JSON object a line. */

require $argv[1] . '/wp-load.php';

$rows = $wpdb->get_results(
    "SELECT p.ID, p.post_title, p.post_content, p.post_status, p.post_password, p.post_date_gmt,
            p.post_modified_gmt, u.display_name
       FROM $wpdb->posts p JOIN $wpdb->users u ON u.ID = p.post_author
      WHERE p.post_type = 'post' ORDER BY p.ID"
);
foreach ($rows as $row) {
    echo json_encode([
        'id' => (int) $row->ID,
        'url' => get_permalink((int) $row->ID),
        'status' => $row->post_status,
        'locked' => $row->post_password !== '',
        'title' => $row->post_title,
        'content' => $row->post_content,
        'author' => $row->display_name,
        'published' => $row->post_date_gmt,
        'modified' => $row->post_modified_gmt,
        'categories' => wp_get_post_categories((int) $row->ID, ['fields' => 'names']),
        'tags' => wp_get_post_tags((int) $row->ID, ['fields' => 'names']),
        'old_slugs' => get_post_meta((int) $row->ID, '_wp_old_slug'),
    ], JSON_THROW_ON_ERROR), "\n";
}
