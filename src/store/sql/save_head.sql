UPDATE log_head SET size = $1, subtrees = $2, root = $3
