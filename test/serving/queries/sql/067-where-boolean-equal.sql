-- where boolean equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE paid = true

-- rows of all
-- [551,153751]
-- rows of newest
-- [327,93020]
