-- aggregate filter
-- engine: direct

SELECT count(*) FILTER (WHERE paid), sum(riders) FILTER (WHERE status = 'done'), count(*) FROM trips

-- rows of all
-- [551,1306,900]
-- rows of newest
-- [327,811,542]
