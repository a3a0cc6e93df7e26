-- riders 5 by city
-- engine: direct
-- ordered

SELECT city, count(*), sum(fare), max(distance) FROM trips WHERE riders = 5 GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",17,"297.99",27.0598]
-- ["Berlin",20,"396.59",29.4007]
-- ["Kyiv",17,"254.94",15.5858]
-- ["Lima",18,"273.4",28.9393]
-- ["Oslo",25,"452.34",28.1757]
-- ["Paris",19,"290.12",23.8169]
-- ["Quito",18,"411.02",26.2471]
-- ["São Paulo",19,"331.05",27.3548]
-- ["Zürich",10,"117.11",27.4004]
-- [null,10,"255.09",26.09]
-- rows of newest
-- ["Accra",11,"240.76",26.1737]
-- ["Berlin",12,"181.73",28.3288]
-- ["Kyiv",11,"108.27",11.8976]
-- ["Lima",12,"227.27",28.9393]
-- ["Oslo",15,"305.4",14.2763]
-- ["Paris",11,"166.34",23.8169]
-- ["Quito",10,"293.13",2.5]
-- ["São Paulo",12,"237.39",27.3548]
-- ["Zürich",6,"83.36",27.4004]
-- [null,6,"143.8",2.5]
