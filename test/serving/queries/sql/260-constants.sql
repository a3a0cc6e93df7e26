-- constants
-- engine: duckdb

SELECT 1 + 1, 'a' || 'b', true, NULL

-- rows of all
-- [2,"ab",true,null]
-- rows of newest
-- [2,"ab",true,null]
