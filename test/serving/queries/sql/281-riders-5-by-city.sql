-- riders 5 by city
-- engine: direct
-- ordered

SELECT city, count(*), sum(fare), max(distance) FROM trips WHERE riders = 5 GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",14,"255.49",21.0973]
-- ["Berlin",19,"451.65",29.4007]
-- ["Kyiv",20,"224.42",22.0311]
-- ["Lima",18,"269.75",28.9393]
-- ["Oslo",21,"367.96",28.1757]
-- ["Paris",17,"218.32",23.8169]
-- ["Quito",20,"421.5",26.2471]
-- ["São Paulo",19,"420.52",27.3548]
-- ["Zürich",9,"119.25",27.4004]
-- [null,8,"197.8",16.1384]
-- rows of newest
-- ["Accra",9,"205.77",21.0973]
-- ["Berlin",15,"407.15",29.4007]
-- ["Kyiv",10,"105.78",15.5858]
-- ["Lima",11,"116.03",28.9393]
-- ["Oslo",14,"279.33",19.6614]
-- ["Paris",13,"183.58",23.8169]
-- ["Quito",10,"292.87",2.5]
-- ["São Paulo",12,"286.55",27.3548]
-- ["Zürich",4,"37.72",27.4004]
-- [null,7,"187.81",2.5]
